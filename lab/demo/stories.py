"""The stories, told by what a user has: the network, the EC2 API, and the operator function."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from lab.cloud import user_view
from lab.demo.tale import Moment, Tale
from lab.laboratory import Laboratory
from lab.network.measure import Measurement
from lab.world import INTERNET, ON_PREMISES, PRIVATE_A
from routekeeper.announcing.messages import OUTCOMES
from routekeeper.domain.restart import RestartOutcome

RATE_HZ: Final = 20
CALM_SECONDS: Final = 4.0
"""Traffic before the fault, so that the figures show it flowing."""
AFTERMATH_SECONDS: Final = 5.0
"""Between failover and mending, and after failback."""
LOOK_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 300.0


def wake(lab: Laboratory) -> None:
    """Run every scheduled function now, instead of waiting for the schedule's first minute; wait for verdicts."""
    for name in ("monitor-a", "monitor-b"):
        user_view.start(lab.aws, lab.function(name))
    user_view.wait_for(lambda: _all_healthy(lab), 60, "every target HEALTHY")
    user_view.start(lab.aws, lab.function("router"))
    user_view.wait_for(lambda: _all_adopted(lab), 60, "every group on its preferred path")


def direct_connect(lab: Laboratory, tale: Tale) -> None:
    """Cut the Direct Connect line, wait for the VPN to carry the traffic, mend the line, wait for the way back."""
    with _traffic(lab, tale, ON_PREMISES.address, "idc"):
        time.sleep(CALM_SECONDS)
        lab.network.dx.cut()
        tale.mark(Moment.FAULT, "Direct Connect line cut, both ways")
        _await(lab, tale, "idc", "failover")
        time.sleep(AFTERMATH_SECONDS)
        lab.network.dx.mend()
        tale.mark(Moment.MEND, "line mended")
        _await(lab, tale, "idc", "failback")
        time.sleep(AFTERMATH_SECONDS)


def nat_instance(lab: Laboratory, tale: Tale) -> None:
    """Hang NAT instance A, wait for B to carry the traffic, for A to be restarted, and for the way back."""
    with _traffic(lab, tale, INTERNET.address, "private-a"):
        time.sleep(CALM_SECONDS)
        lab.network.hang("nat-a")
        tale.mark(Moment.FAULT, "NAT instance A hangs")
        _await(lab, tale, "private-a", "failover")
        _await(lab, tale, "private-a", "failback")
        time.sleep(AFTERMATH_SECONDS)


def restarted(tale: Tale) -> bool:
    """Whether the instance was stopped, was started, and recovered."""
    return any(mark.moment is Moment.RESTART and "succeeded" in mark.text for mark in tale.marks)


@contextlib.contextmanager
def _traffic(lab: Laboratory, tale: Tale, address: str, group: str) -> Iterator[None]:
    """Packets from the private host at a steady rate, and a look at the operator's history beside them."""
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(lab, tale, group, ended), daemon=True)
    with Measurement(PRIVATE_A.name, address, RATE_HZ, on_packet=tale.packet) as measurement:
        watcher.start()
        try:
            yield
            measurement.stop()
        finally:
            ended.set()
            watcher.join()
    tale.state, tale.done = "done", True


def _watch(lab: Laboratory, tale: Tale, group: str, ended: threading.Event) -> None:
    """Follow the group's path, and the restarts of its instances, until the story ends."""
    seen: set[str] = set()
    while not ended.wait(LOOK_SECONDS):
        status = lab.ask(action="status", group=group)["groups"][group]
        tale.path = status["path"] or ""
        if not tale.carriers:
            tale.carriers.append((0.0, tale.path))
        tale.state = status["next"]["reason"]
        if tale.name != "nat":
            continue
        for event in lab.ask(action="history", restart_group="nat", limit=20)["events"]:
            if event["id"] not in seen:
                seen.add(event["id"])
                tale.mark(Moment.RESTART, _restart_words(event), _epoch(event["at"]))


def _await(lab: Laboratory, tale: Tale, group: str, kind: str) -> None:
    """Wait until the group's history holds a transition of the kind, and mark what it tells."""
    event = user_view.wait_for(lambda: _event(lab, group, kind), PATIENCE_SECONDS, f"{kind} of {group}")
    words = f"{event['from']} -> {event['to']}"
    if kind == "failover":
        tale.mark(Moment.VERDICT, f"{event['from']} judged UNHEALTHY", _epoch(event["verdict_at"]))
        tale.mark(Moment.FAILOVER, f"failover {words}", _epoch(event["applied_at"]))
    else:
        tale.mark(Moment.FAILBACK, f"failback {words}", _epoch(event["applied_at"]))
    tale.carriers.append((_epoch(event["applied_at"]), event["to"]))


def _event(lab: Laboratory, group: str, kind: str) -> dict[str, Any]:
    """The group's newest transition of the kind; empty while there is none."""
    events = lab.ask(action="history", group=group, limit=10)["events"]
    return next((event for event in events if event["kind"] == kind), {})


def _restart_words(event: dict[str, Any]) -> str:
    """A line of the restart's history in a few words."""
    asked = {"stop": "A is stopped", "force-stop": "A is forced to stop", "start": "A is started"}
    if event["action"] is not None:
        return asked[event["action"]]
    return "A runs" if event["outcome"] == "progress" else OUTCOMES[RestartOutcome(event["outcome"])]


def _all_healthy(lab: Laboratory) -> bool:
    return _every_group(lab, lambda group: all(path["health"] == "HEALTHY" for path in group["paths"].values()))


def _all_adopted(lab: Laboratory) -> bool:
    return _every_group(lab, lambda group: group["path"] == group["preferred"])


def _every_group(lab: Laboratory, holds: Callable[[dict[str, Any]], bool]) -> bool:
    return all(holds(group) for group in lab.ask(action="status")["groups"].values())


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()

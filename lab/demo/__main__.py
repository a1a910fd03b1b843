"""`python -m lab.demo`: the deployed application, a line that is cut and a NAT instance that hangs, told live."""

from __future__ import annotations

import json
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from types import FrameType
from typing import Final

from rich.console import Console

from lab import host
from lab.cloud.local_aws import PROJECT
from lab.demo import stories
from lab.demo.screen import STAGES, Screen, summary
from lab.demo.tale import Figures, Tale, figures
from lab.demo.timeline import draw
from lab.laboratory import Laboratory, laboratory

DIRECTORY: Final = PROJECT / "build" / "demo"


def main() -> int:
    try:
        host.reexecute()
    except host.HostError as error:
        print(f"The demo needs a network of its own, and there is none to be had here.\n{error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGINT, _interrupted_once)
    try:
        return _demo()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _interrupted_once(number: int, frame: FrameType | None) -> None:
    """Ctrl-C comes twice, from the terminal and from the process outside. The first one takes the laboratory down."""
    signal.signal(number, signal.SIG_IGN)
    signal.default_int_handler(number, frame)


def _demo() -> int:
    dx = Tale("dx", "Direct Connect is cut, the VPN stands in")
    nat = Tale("nat", "NAT instance A hangs, B stands in")
    console = Console(highlight=False)
    with Screen((dx, nat), console) as screen, laboratory(screen.stage) as lab:
        screen.stage(STAGES[-2])
        stories.wake(lab)
        screen.stage(STAGES[-1])
        _tell(lab, (stories.direct_connect, dx), (stories.nat_instance, nat))
    measured = {"dx": figures(dx), "nat": figures(nat)}
    was_restarted = stories.restarted(nat)
    _write(measured, restarted=was_restarted)
    draw([(dx, measured["dx"]), (nat, measured["nat"])], DIRECTORY / "timeline.png")
    console.print(summary([(dx, measured["dx"], None), (nat, measured["nat"], was_restarted)]))
    console.print(f"Written: {_shown('report.json')} and {_shown('timeline.png')}")
    return 0


def _tell(lab: Laboratory, *told: tuple[Callable[[Laboratory, Tale], None], Tale]) -> None:
    """Tell the stories side by side. Raises the first error of theirs; then, or after Ctrl-C, none is waited for."""
    ended = queue.SimpleQueue[Exception | None]()

    def tell(story: Callable[[Laboratory, Tale], None], tale: Tale) -> None:
        try:
            story(lab, tale)
        except Exception as error:  # noqa: BLE001 - it is raised where it is heard of
            ended.put(error)
        else:
            ended.put(None)

    for story, tale in told:
        threading.Thread(target=tell, args=(story, tale), daemon=True).start()
    for _ in told:
        if (error := ended.get()) is not None:
            raise error


def _write(measured: dict[str, Figures], *, restarted: bool) -> None:
    report = {name: asdict(one) for name, one in measured.items()}
    report["nat"]["restarted"] = restarted
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / "report.json").write_text(json.dumps(report, indent=2) + "\n")


def _shown(name: str) -> str:
    return str((DIRECTORY / name).relative_to(PROJECT))


if __name__ == "__main__":
    raise SystemExit(main())

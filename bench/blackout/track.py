"""One failover after the other on one part of the network: strike, watch, mend, return, measure."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from bench.blackout import contestant
from bench.blackout.contestant import Contestant
from bench.blackout.ground import SOURCE, VANTAGE, Ground, Lane, Product
from bench.blackout.probing import Connect, Echo
from bench.blackout.results import Fault, Move, figures
from bench.blackout.rules import RULES, Manner, Rule, Turn
from bench.blackout.scenarios import Kind, Scenario
from lab.cloud.user_view import wait_for
from lab.laboratory import Laboratory
from lab.network.measure import Measurement
from routekeeper.ec2.steering import Steerers

RATE_HZ: Final = 50
LEAD_SECONDS: Final = 4.0
"""Traffic and probing before the fault, at least; up to as much again, at random."""
SETTLED_SECONDS: Final = 3.5
"""Traffic after a failback, so that what it loses is seen."""
LOOK_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 240.0
MOST_DELAY_SECONDS: Final = 4.0
"""A rule begins so much later at most, at random."""


@dataclass(frozen=True, slots=True)
class Track:
    """One part of the network with everybody who competes on it."""

    lab: Laboratory
    ground: Ground
    lanes: tuple[Lane, ...]
    steerers: Steerers
    chance: random.Random
    tell: Callable[[str], None]

    def run(self, scenario: Scenario, run: int, runs: int, *, wait_for_failback: bool) -> dict[str, Any]:
        """One occurrence of a fault; figures by contestant, with the fault's times."""
        self._await_calm()
        with self._packets() as flows:
            rules = [self._contestant(lane) for lane in self.lanes]
            try:
                fault, moves = self._strike(scenario, run, runs, rules)
            finally:
                for rule in rules:
                    rule.stop()
            returns = self._return(fault, wait_for_failback=wait_for_failback)
            packets = {name: flow.stop() for name, flow in flows.items()}
        moves |= {product.name: self._moves(product, fault) for product in self.ground.products}
        results = {name: asdict(figures(sent, fault, moves[name], returns.get(name))) for name, sent in packets.items()}
        self._describe(scenario, run, results)
        times = {"struck_at": fault.struck_at, "mended_at": fault.mended_at}
        return {"scenario": scenario.name, **times, "results": results}

    def _strike(
        self, scenario: Scenario, run: int, runs: int, rules: Sequence[Contestant]
    ) -> tuple[Fault, dict[str, list[Move]]]:
        for rule in rules:
            rule.start()
        time.sleep(LEAD_SECONDS + self.chance.uniform(0, LEAD_SECONDS))
        # The probes keep time with the clock: runs that strike at every part of a second alike have a fair median.
        time.sleep(((run + self.chance.random()) / runs - time.time()) % 1.0)
        struck_at = time.time()
        scenario.strike(self.lab.network)
        deadline = struck_at + scenario.seconds
        try:
            while (left := deadline - time.time()) > 0:
                time.sleep(min(left, 0.25))
                if scenario.kind is Kind.FAILURE and all(rule.moves for rule in rules):
                    time.sleep(2.0)
                    break
        finally:
            mended_at = time.time()
            scenario.mend(self.lab.network)
        if scenario.kind is Kind.DISTURBANCE:
            time.sleep(scenario.aftermath_seconds)
        watched_until = mended_at if scenario.kind is Kind.FAILURE else time.time()
        moves = {
            rule.lane.name: [Move(m.turn is Turn.DOWN, m.verdict_at, m.applied_at) for m in rule.moves]
            for rule in rules
        }
        return Fault(struck_at, mended_at, watched_until), moves

    def _return(self, fault: Fault, *, wait_for_failback: bool) -> dict[str, float]:
        """Wait until the product is on its preferred path again; when it moved, by name. Asked to as soon as it may."""
        away = [product for product in self.ground.products if self._events(product, "failover", fault.struck_at)]
        found = {}
        for product in away:
            if not wait_for_failback:
                wait_for(partial(self._asked_back, product), PATIENCE_SECONDS, f"failback of {product.group} granted")
            event = wait_for(partial(self._back, product, fault), PATIENCE_SECONDS, f"failback of {product.group}")
            found[product.name] = _epoch(event["applied_at"])
        if found:
            time.sleep(max(0.0, max(found.values()) + SETTLED_SECONDS - time.time()))
        return found

    def _asked_back(self, product: Product) -> bool:
        """Ask the operator function for the way back; whether it was granted. It is refused until HEALTHY."""
        time.sleep(LOOK_SECONDS)
        answer = self.lab.ask(action="failback", group=product.group, by="bench", reason="the line is mended")
        return "error" not in answer

    def _back(self, product: Product, fault: Fault) -> dict[str, Any]:
        time.sleep(LOOK_SECONDS)
        events = [e for kind in ("failback", "manual") for e in self._events(product, kind, fault.struck_at)]
        return events[0] if events else {}

    def _moves(self, product: Product, fault: Fault) -> list[Move]:
        """What the product did, from its own history."""
        events = self._history(product, fault.struck_at)
        return [
            Move(e["kind"] == "failover", _epoch(e["verdict_at"] or e["at"]), _epoch(e["applied_at"]))
            for e in events
            if e["kind"] in ("failover", "failback", "manual")
        ]

    def _events(self, product: Product, kind: str, since: float) -> list[dict[str, Any]]:
        return [event for event in self._history(product, since) if event["kind"] == kind and event["applied_at"]]

    def _history(self, product: Product, since: float) -> list[dict[str, Any]]:
        events = self.lab.ask(action="history", group=product.group, limit=10)["events"]
        return [event for event in events if _epoch(event["at"]) >= since]

    def _await_calm(self) -> None:
        """Wait until the product has everything on its preferred path and HEALTHY, in the eyes of every vantage."""

        def calm() -> bool:
            groups = self.lab.ask(action="status")["groups"]
            return all(_calm(groups[product.group]) for product in self.ground.products)

        wait_for(calm, PATIENCE_SECONDS, "everything on its preferred path")

    def _contestant(self, lane: Lane) -> Contestant:
        rule = next(rule for rule in RULES if rule.name == lane.name)
        if not isinstance(rule, Rule):
            work = contestant.session(rule, Echo(VANTAGE, self.ground.hosts[Manner.PING]))
        elif rule.manner is Manner.PING:
            work = contestant.rounds(rule, [Echo(VANTAGE, self.ground.hosts[rule.manner])])
        else:
            place = self.ground.hosts[rule.manner], self.ground.ports[rule.manner]
            work = contestant.rounds(rule, [Connect(VANTAGE, *place)])
        return Contestant(lane, self.steerers, work, self.chance.uniform(0, MOST_DELAY_SECONDS))

    @contextlib.contextmanager
    def _packets(self) -> Iterator[dict[str, Measurement]]:
        """A flow of packets for every contestant, by name."""
        addresses = {product.name: product.address for product in self.ground.products}
        addresses |= {lane.name: lane.address for lane in self.lanes}
        with contextlib.ExitStack() as stack:
            yield {
                name: stack.enter_context(Measurement(SOURCE, address, RATE_HZ)) for name, address in addresses.items()
            }

    def _describe(self, scenario: Scenario, run: int, results: Mapping[str, Mapping[str, Any]]) -> None:
        told = [
            f"{name} {result['blackout_seconds']:.2f} s{'' if result['seen'] else ' (unmoved)'}"
            for name, result in results.items()
        ]
        self.tell(f"{scenario.name} {run + 1}: {', '.join(told)}")


def _calm(group: Mapping[str, Any]) -> bool:
    votes = [vote for path in group["paths"].values() for vote in path["votes"].values()]
    return group["path"] == group["preferred"] and all(vote["health"] == "HEALTHY" for vote in votes)


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()

"""Law 1 for grey failure: a verdict on loss or slowness has the evidence behind it, and what is so bad gets one.

The evidence is counted anew, probe by probe, from what was truly sent, lost and answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lab.simulator.grey import LATENCY, LOSS, Chart
from lab.simulator.laws.court import Court
from lab.simulator.laws.raw import number, text
from lab.simulator.lines import ROUND_TRIP_SECONDS, Fate, Line, Sent
from lab.simulator.world import World
from routekeeper.domain.detection import Detection
from routekeeper.store.codec import Item

PATIENCE: Final = 8
"""How many times as long chance may draw the evidence out as it takes when bad outcomes come evenly."""
GRACE_SECONDS: Final = 60.0
"""For the first bad outcome, the timeout and the way to the table. Most lasting loss is found within 20 s."""
LATE_SHARE: Final = 0.5
"""A line is too slow when half of its answers are late."""
MOST_LOST: Final = 0.5
"""Of the probes, for slowness to be found in time: the lost tell nothing of it."""


@dataclass(slots=True)
class Grey:
    world: World
    court: Court
    _bad_since: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """Since when a vantage's line to a target has been as bad as is unacceptable, by kind."""
    _ruled: list[tuple[tuple[str, str], Line, Detection]] = field(init=False)
    """The lines that are held to rules on loss or latency."""

    def __post_init__(self) -> None:
        targets = self.world.plan.configuration.targets
        lines = ((pair, line, targets[pair[1]].detection) for pair, line in self.world.lines.items())
        self._ruled = [held for held in lines if held[2].loss is not None or held[2].latency is not None]

    # --- verdicts

    def hold_to_evidence(self, vantage: str, target: str, item: Item) -> bool:
        """Hold an UNHEALTHY that speaks of loss or of slowness to what was seen; False where it speaks of neither."""
        rule, reason = self.world.plan.configuration.targets[target].detection, text(item, "reason") or ""
        kind = "loss" if "probes lost" in reason else "latency" if "answers took" in reason else None
        if kind is None:
            return False
        chart = _chart(rule, kind)
        if chart is None:
            self.court.hold(1, "evidence of grey failure", False, f"{vantage} calls {target} UNHEALTHY: {reason}")
            return True
        since, first = number(item, "since"), number(item, "first_loss_at")
        if self.world.ledgers[vantage, target].forgotten_at < first and not self._interrupted(vantage, first):
            score = chart.score(bad for _, bad in self._counted(vantage, target, kind, first, since))
            # What ends while the lease is handed on is known to nobody: answers worth one loss at most.
            enough = chart.enough - (chart.rise if self.world.plan.full else 0)
            told = f"{vantage} calls {target} UNHEALTHY at {score} of {chart.enough}: {reason}"
            self.court.hold(1, "evidence of grey failure", score >= enough, told)
        return True

    def _counted(self, vantage: str, target: str, kind: str, first: float, since: float) -> list[tuple[float, bool]]:
        """When each probe of the evidence was sent and whether it was bad, in the order of sending.

        A good outcome counts once everything sent before it is known; a bad one may have been overtaken by another.
        """
        ledger, rule = self.world.ledgers[vantage, target], self.world.plan.configuration.targets[target].detection
        oldest = first - (rule.probe_timeout_seconds if kind == "latency" else 0.0) - 1e-6
        known = [sent for sent in ledger.recent if sent.sent_at >= oldest and sent.known_at <= since + 1e-6]
        bad = [sent for sent in known if _is_bad(sent, rule, kind)]
        newest = max((sent.sent_at for sent in bad), default=0.0)
        good = [
            sent
            for sent in known
            if sent.fate is Fate.ANSWERED and first - 1e-6 <= sent.sent_at <= newest and not _is_bad(sent, rule, kind)
        ]
        return sorted([(sent.sent_at, True) for sent in bad] + [(sent.sent_at, False) for sent in good])

    def hold_to_recovery(self, vantage: str, target: str, old: Item, new: Item) -> None:
        """Who takes a verdict on grey failure back has seen as many good outcomes as it takes, or a cut in between."""
        rule, reason = self.world.plan.configuration.targets[target].detection, text(old, "reason") or ""
        kind = "loss" if "probes lost" in reason else "latency" if "answers took" in reason else None
        chart = _chart(rule, kind) if kind is not None else None
        first, bad_since, good_since = number(old, "first_loss_at"), number(old, "since"), number(new, "since")
        ledger = self.world.ledgers[vantage, target]
        if kind is None or chart is None or ledger.forgotten_at >= first or self._interrupted(vantage, first):
            return
        seen = [s for s in ledger.recent if s.sent_at >= first - 1e-6 and s.known_at <= good_since + 1e-6]
        seen.sort(key=lambda sent: sent.sent_at)
        if _longest_silence(seen) >= rule.unhealthy_threshold:
            return  # a cut voids what was counted before
        after = [sent for sent in seen if sent.known_at > bad_since - rule.probe_timeout_seconds]
        good = sum(sent.fate is Fate.ANSWERED and not _is_bad(sent, rule, kind) for sent in after)
        told = f"{vantage} calls {target} HEALTHY {good_since - bad_since:.0f} s and {good} good probes after: {reason}"
        self.court.hold(1, "evidence of recovery", good >= chart.clears, told)

    def _interrupted(self, vantage: str, since: float) -> bool:
        """Whether counters may have been lost since then: their owner died, or could not hand them on."""
        place, chances = self.world.places[vantage], self.world.chances
        broken = bool(place.dead or place.cut_off) or place.broken_at >= since
        return broken or chances.any or chances.quiet_since >= since

    # --- what must have been found

    def on_tick(self, alive_for: Mapping[str, float]) -> None:
        """A line that has long been as bad as is unacceptable is not HEALTHY, and has not been for long."""
        for pair, line, rule in self._ruled:
            for kind, share in (("loss", _lost(line, rule)), ("latency", _late(line, rule))):
                if share is None:
                    self._bad_since.pop((*pair, kind), None)
                    continue
                chart = _chart(rule, kind)
                assert chart is not None
                bound = PATIENCE * chart.even_probes(share) * rule.suspect_interval_seconds + GRACE_SECONDS
                lasted = self.world.kernel.now - self._bad_since.setdefault((*pair, kind), self.world.kernel.now)
                if min(lasted, alive_for[pair[0]]) >= bound and self._undisturbed(pair[0], bound):
                    self._hold_to_find(pair, bound, f"{share:.0%} {kind} for {lasted:.0f} s")

    def _hold_to_find(self, pair: tuple[str, str], bound: float, told: str) -> None:
        health = self.world.table.items("HEALTH")
        item = next((i for i in health if (text(i, "vantage"), text(i, "target")) == pair), None)
        missed = text(item, "health") == "HEALTHY" and self.world.kernel.now - number(item, "since") >= bound
        told = f"{pair[0]} calls {pair[1]} HEALTHY with {told}: {text(item, 'reason')}"
        self.court.hold(1, "grey failure is found", not missed, told)

    def _undisturbed(self, vantage: str, seconds: float) -> bool:
        place, chances, now = self.world.places[vantage], self.world.chances, self.world.kernel.now
        calm = not chances.any and now - chances.quiet_since >= seconds
        return calm and not place.troubled and now - max(place.troubled_at, place.broken_at) >= seconds


def _chart(rule: Detection, kind: str) -> Chart | None:
    if kind == "loss":
        return LOSS[rule.loss] if rule.loss is not None else None
    return LATENCY[rule.latency] if rule.latency is not None else None


def _is_bad(sent: Sent, rule: Detection, kind: str) -> bool:
    if kind == "loss":
        return sent.fate is Fate.LOST
    assert rule.latency is not None
    return sent.fate is Fate.ANSWERED and sent.known_at - sent.sent_at >= rule.latency.unacceptable_seconds - 1e-6


def _longest_silence(seen: list[Sent]) -> int:
    longest = run = 0
    for sent in seen:
        if sent.fate is not Fate.NOT_SENT:
            run = run + sent.alike if sent.fate is Fate.LOST else 0
            longest = max(longest, run)
    return longest


def _lost(line: Line, rule: Detection) -> float | None:
    """The share that a line loses, where that is unacceptable."""
    unacceptable = rule.loss is not None and line.share >= rule.loss.unacceptable
    return line.share if unacceptable else None


def _late(line: Line, rule: Detection) -> float | None:
    """The share of answers that are late for certain, where that is unacceptable."""
    late = rule.latency is not None and ROUND_TRIP_SECONDS + line.delay >= rule.latency.unacceptable_seconds
    return LATE_SHARE if late and line.share <= MOST_LOST else None

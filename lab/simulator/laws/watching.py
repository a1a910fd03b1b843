"""Law 1: a vantage says UNHEALTHY only of what it has really probed in vain."""

from __future__ import annotations

from typing import Final

from lab.simulator.grey import clear_seconds
from lab.simulator.laws.court import Court
from lab.simulator.laws.grey import Grey
from lab.simulator.laws.raw import number, text
from lab.simulator.lines import Fate
from lab.simulator.world import World
from routekeeper.store.codec import Item

UNWATCHED_SECONDS: Final = 2.5
"""Two beats and what a hand-over may cost."""


class Watching:
    def __init__(self, world: World, court: Court, grey: Grey) -> None:
        self._world = world
        self._court = court
        self._grey = grey

    def on_write(self, old: Item | None, new: Item) -> None:
        """A vantage has written a verdict."""
        before, word = text(old, "health"), text(new, "health")
        vantage, target = text(new, "vantage"), text(new, "target")
        assert vantage is not None
        assert target is not None
        if word == "UNHEALTHY" and before != "UNHEALTHY" and not self._grey.hold_to_evidence(vantage, target, new):
            self._hold_to_losses(vantage, target, new)
        if word == "HEALTHY" and before == "UNHEALTHY" and old is not None:
            self._grey.hold_to_recovery(vantage, target, old, new)

    def _hold_to_losses(self, vantage: str, target: str, item: Item) -> None:
        """As many probes as the threshold demands, sent and lost, none between them answered, over long enough."""
        rule = self._world.plan.configuration.targets[target].detection
        since, first = number(item, "since"), number(item, "first_loss_at")
        if self._world.ledgers[vantage, target].forgotten_at >= first:
            return  # it took so long to get the verdict to the table that nobody remembers
        run = [sent for sent in self._world.ledgers[vantage, target].recent if sent.sent_at >= first - 1e-6]
        run = [sent for sent in run if sent.known_at <= since + 1e-6]
        lost = [sent for sent in run if sent.fate is Fate.LOST]
        answered = [sent for sent in run if sent.fate is Fate.ANSWERED]
        counted = f"{len(lost)} lost and {len(answered)} answered in {since - first:.2f} s"
        told = f"{vantage} calls {target} UNHEALTHY: {counted}"
        self._court.hold(1, "losses behind a verdict", len(lost) >= rule.unhealthy_threshold and not answered, told)
        self._court.hold(1, "long enough for a verdict", since - first >= rule.unhealthy_for_seconds - 1e-6, told)

    def on_tick(self, watched: set[str]) -> None:
        """Hand-overs leave no gap: where somebody has been on watch all along, the newest evidence is fresh."""
        now = self._world.kernel.now
        if self._court.excused("", 60) or self._court.unquiet(60):
            return
        for (vantage, target), ledger in self._world.ledgers.items():
            place = self._world.places[vantage]
            if (
                vantage in watched
                and not place.troubled
                and now - place.troubled_at > 60
                and ledger.plain is Fate.ANSWERED
            ):
                gap = now - max(ledger.evidence_at, ledger.plain_since or now)
                told = f"{vantage} has not looked at {target} for {gap:.1f} s"
                self._court.hold(10, "no second goes unwatched", gap < UNWATCHED_SECONDS, told)

    def on_settled(self, alive: set[str]) -> None:
        """What a vantage that has had time says is what its line has been like."""
        now = self._world.kernel.now
        said = {(text(i, "vantage"), text(i, "target")): text(i, "health") for i in self._world.table.items("HEALTH")}
        words = {Fate.ANSWERED: "HEALTHY", Fate.LOST: "UNHEALTHY", Fate.NOT_SENT: "UNKNOWN"}
        for (vantage, target), ledger in self._world.ledgers.items():
            if vantage not in alive or ledger.plain is None or ledger.plain_since is None:
                continue
            enough = 100 + clear_seconds(self._world.plan.configuration.targets[target].detection)
            if now - max(ledger.plain_since, self._world.places[vantage].troubled_at) < enough:
                continue
            found = said.get((vantage, target), "UNKNOWN")
            told = f"{vantage} says {found} of {target}, whose probes are all {ledger.plain.value}"
            law = 1 if ledger.plain is Fate.NOT_SENT else 10
            self._court.hold(law, "verdicts are the truth at rest", found == words[ledger.plain], told)

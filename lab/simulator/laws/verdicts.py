"""What the design says is true of a target, counted from the items in the table: fresh vantages vote (laws 1, 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from lab.simulator.invocation import Glimpse
from lab.simulator.kernel import START
from lab.simulator.laws.raw import number, text
from lab.simulator.world import World
from routekeeper.domain.settings import Configuration, Quorum
from routekeeper.store.codec import Item

SKEW_SECONDS: Final = 3.0
"""How far clocks may disagree."""
GOOD, BAD, UNSURE = "HEALTHY", "UNHEALTHY", "UNKNOWN"


def count(
    configuration: Configuration,
    vantages: Iterable[Item],
    health: Iterable[Item],
    now: float,
    *,
    believe_all: bool = False,
) -> dict[str, str]:
    """Health by target, as words; `believe_all`: also those that law 5 suspects."""
    return _tell(configuration, fresh(configuration, vantages, now), health, believe_all=believe_all)


def fresh(configuration: Configuration, vantages: Iterable[Item], now: float) -> list[str]:
    """The vantages that have been heard of lately."""
    heard = (item for item in vantages if now - number(item, "heartbeat_at") <= configuration.stale_after_seconds)
    return [name for item in heard if (name := text(item, "name")) is not None]


def _tell(
    configuration: Configuration, vantages: Iterable[str], health: Iterable[Item], *, believe_all: bool = False
) -> dict[str, str]:
    """Health by target, as words, by the votes of these vantages."""
    said: dict[str, dict[str, str]] = {name: {} for name in vantages}
    for item in health:
        vantage, target, word = text(item, "vantage"), text(item, "target"), text(item, "health")
        if vantage in said and target is not None and word in (GOOD, BAD):
            said[vantage][target] = word
    trusted = {name: words for name, words in said.items() if believe_all or not _hears_nothing(name, said)}
    return {name: _vote(target.quorum, name, trusted) for name, target in configuration.targets.items()}


def _hears_nothing(vantage: str, said: dict[str, dict[str, str]]) -> bool:
    """Law 5: all its targets, two or more, fail at once, and another vantage reaches one of them."""
    mine = said[vantage]
    if len(mine) < 2 or GOOD in mine.values():
        return False
    return any(said[other].get(target) == GOOD for other in said if other != vantage for target in mine)


def _vote(quorum: Quorum, target: str, said: dict[str, dict[str, str]]) -> str:
    votes = [words[target] for words in said.values() if target in words]
    bad, good = votes.count(BAD), votes.count(GOOD)
    if quorum is Quorum.ANY:
        return BAD if bad else GOOD if good else UNSURE
    needed = len(votes) if quorum is Quorum.ALL else len(votes) / 2
    for word, votes_for in ((BAD, bad), (GOOD, good)):
        if votes_for and (votes_for == needed if quorum is Quorum.ALL else votes_for > needed):
            return word
    return UNSURE


@dataclass(slots=True)
class Record:
    """How the verdict on one target has been lately. Times are the world's."""

    word: str = UNSURE
    since: float = 0.0
    last_bad: float = -1e12
    last_good: float = -1e12
    well_for: float = 0.0
    """For how many seconds it was HEALTHY when it last was, as a write had told."""
    heralded: bool = False
    """Whether it came with a write of health, of which the stream tells; not by a vantage falling silent."""


@dataclass(frozen=True, slots=True)
class Spell:
    """How long a target was UNHEALTHY after it had been HEALTHY. Times are the world's."""

    target: str
    well_for: float
    """Seconds for which it had been HEALTHY."""
    began_at: float
    ended_at: float

    @property
    def length(self) -> float:
        return self.ended_at - self.began_at


@dataclass(slots=True)
class Bench:
    """The verdict on every target, counted again whenever a vantage has written and every few seconds."""

    world: World
    records: dict[str, Record] = field(default_factory=dict)
    spells: list[Spell] = field(default_factory=list)
    """Those that are over, and that nobody has asked for yet."""
    _known: tuple[list[str], list[Item]] | None = None
    """The vantages and the items of health behind the verdicts that were told last."""
    _told: dict[str, str] = field(default_factory=dict)

    def sit(self, *, heralded: bool = False) -> None:
        now = self.world.kernel.now
        # Who falls silent at the moment of a write may not have done so by the clock of whom the write wakes.
        seen_by_all = self._verdicts(now - SKEW_SECONDS) if heralded else {}
        for target, word in self._verdicts(now).items():
            record = self.records.setdefault(target, Record(since=now))
            if BAD in (record.word, word):
                record.last_bad = now
            if GOOD in (record.word, word):
                record.last_good = now
            if record.word != word:
                self._turned(target, record)
                record.word, record.since, record.heralded = word, now, seen_by_all.get(target) == word

    def _verdicts(self, now: float) -> dict[str, str]:
        """As `count` has it; counted again only if somebody else votes, or otherwise."""
        configuration, table = self.world.plan.configuration, self.world.table
        known = fresh(configuration, table.items("VANTAGE"), now), table.items("HEALTH")
        if known != self._known:
            self._known, self._told = known, _tell(configuration, *known)
        return self._told

    def _turned(self, target: str, record: Record) -> None:
        now = self.world.kernel.now
        if record.word == GOOD:
            record.well_for = now - record.since if record.heralded else 0.0
        elif record.word == BAD:
            self.spells += self._spell(target, record)
            record.well_for = 0.0

    def _spell(self, target: str, record: Record) -> list[Spell]:
        if record.word != BAD or not record.heralded or not record.well_for:
            return []
        return [Spell(target, record.well_for, record.since, self.world.kernel.now)]

    def take_spells(self) -> list[Spell]:
        """Those that have ended since this was last asked, and those that go on."""
        ended, self.spells = self.spells, []
        return [*ended, *(spell for target, record in self.records.items() for spell in self._spell(target, record))]

    def quiet(self, target: str, seconds: float, glimpse: Glimpse | None = None) -> bool:
        """Whether a quorum of the vantages that are trusted has called the target HEALTHY for so long.

        As the table holds it now, or as an invocation has read it.
        """
        world, table = self.world, self.world.table
        now = world.kernel.now if glimpse is None else glimpse.at
        vantages = glimpse.vantages if glimpse is not None else table.items("VANTAGE")
        health = glimpse.health if glimpse is not None else table.items("HEALTH")
        lately = [i for i in health if text(i, "health") == GOOD and now - number(i, "since") < seconds]
        # Whoever has said so only lately has not said so.
        long = [item for item in health if not any(item is one and text(one, "target") == target for one in lately)]
        return count(world.plan.configuration, vantages, long, now)[target] == GOOD

    def settled(self, target: str | None, seconds: float) -> bool:
        """Whether it would be HEALTHY even if whoever has called it so only lately spoke against it.

        A verdict is as old as the vote that made it the quorum's: a vantage that comes back may make it young again.
        """
        if target is None:
            return True
        now, table = self.world.kernel.now, self.world.table
        doubted = [
            {**item, "health": {"S": BAD}}
            if text(item, "target") == target and text(item, "health") == GOOD and now - number(item, "since") < seconds
            else item
            for item in table.items("HEALTH")
        ]
        return count(self.world.plan.configuration, table.items("VANTAGE"), doubted, now)[target] == GOOD

    def word(self, target: str | None) -> str:
        """A path without a target is taken as healthy."""
        if target is None:
            return GOOD
        return self.records[target].word if target in self.records else UNSURE

    def held_for(self, target: str | None, word: str) -> float:
        """For how many seconds this has been the verdict."""
        if target is None:
            return 1e12 if word == GOOD else 0.0
        record = self.records.get(target)
        return self.world.kernel.now - record.since if record is not None and record.word == word else 0.0

    def is_heralded(self, target: str | None) -> bool:
        return target is None or (target in self.records and self.records[target].heralded)

    def since_good(self, target: str | None) -> float:
        """For how many seconds it has not been HEALTHY; since it was first judged where it never was."""
        if target is None or target not in self.records:
            return 0.0
        return self.world.kernel.now - max(self.records[target].last_good, START)

    def since_bad(self, target: str | None) -> float:
        if target is None or target not in self.records:
            return 1e12
        return self.world.kernel.now - self.records[target].last_bad

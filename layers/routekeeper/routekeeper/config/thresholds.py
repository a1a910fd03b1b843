"""What loss and latency rules come to. `routekeeper compile` works it out and ships it; the functions take it over.

A function that starts cold when a line has died has less of a processor than anybody else.

Why: docs/decisions/grey-failure.md
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from routekeeper.config import limits, values
from routekeeper.config.durations import render
from routekeeper.config.problems import Problems
from routekeeper.config.section import Section, open_section
from routekeeper.config.tree import Block, Entry, Node, from_plain
from routekeeper.domain import grey
from routekeeper.domain.cusum import MOST_THRESHOLD, Cadence, Score, TooLong
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LossRule, Thresholds, WorkedOut
from routekeeper.domain.settings import Target

KEY: Final = "thresholds"
"""Stands in compiled documents only, beside what people have written."""
_RULE: Final = ("usual", "unacceptable", "bursts", "false_alarms")
_PACE: Final = ("probe_interval", "suspect_interval")
_TESTS: Final = ("alarm", "clear")
_SCORE: Final = ("rise", "threshold")
_figure = values.number(0.0, 1e6)
_steps = values.whole(1, MOST_THRESHOLD)


class Source(Protocol):
    """Where thresholds come from."""

    def of(self, target: Section, defaults: Section | None, detection: Detection) -> tuple[WorkedOut, ...]:
        """What the rules of a target come to. The sections are those that its detection was read from."""
        ...


@dataclass(frozen=True, slots=True)
class Shipped:
    """Knows what has been shipped. Anything else is worked out when it is needed."""

    known: Mapping[tuple[LossRule, Cadence], WorkedOut] = field(default_factory=dict)

    def of(self, target: Section, defaults: Section | None, detection: Detection) -> tuple[WorkedOut, ...]:
        del target, defaults
        asked = ((rule, detection.pace) for rule in detection.rules.values())
        return tuple(self.known[one] for one in asked if one in self.known)


class WorkingOut:
    """Works out what the rules of one document come to, and refuses what would take too long."""

    def __init__(self) -> None:
        self._done: dict[tuple[LossRule, Cadence], WorkedOut | None] = {}
        """None for what has been refused."""
        self._left = MOST_THRESHOLD
        """Levels of all thresholds together."""

    def of(self, target: Section, defaults: Section | None, detection: Detection) -> tuple[WorkedOut, ...]:
        pace = detection.pace
        for key, rule in detection.rules.items():
            if (rule, pace) not in self._done:
                said = target if defaults is None or any(one in target for one in (key, *_PACE)) else defaults
                self._done[rule, pace] = self._work_out(said, key, rule, pace)
        found = (self._done[rule, pace] for rule in detection.rules.values())
        return tuple(one for one in found if one is not None)

    def _work_out(self, said: Section, key: str, rule: LossRule, pace: Cadence) -> WorkedOut | None:
        """`said` is the section that is to blame: the rule or the pace that makes it long stands there."""
        blamed = next((one for one in (key, *reversed(_PACE)) if one in said), key)
        try:
            found = grey.thresholds(rule, pace) if self._left > 0 else None
        except TooLong:
            said.reject(
                blamed,
                "takes too long to work out, expected shorter bursts, 'unacceptable' further from 'usual', or a"
                f" suspect_interval above {render(pace.suspect_seconds)}",
            )
            return None
        self._left -= 0 if found is None else found.alarm.threshold
        if found is None or self._left <= 0:
            said.reject(blamed, "takes too long to work out beside those before it, expected fewer different rules")
            return None
        return WorkedOut(rule, pace, found)


# --- as they stand in a compiled document


def split(root: Node, problems: Problems) -> tuple[Node, Shipped]:
    """A compiled document as people would have written it, and the thresholds that it ships. Problems are noted."""
    if not isinstance(root, Block) or all(entry.key != KEY for entry in root.entries):
        return root, Shipped()
    shipped = Block(tuple(entry for entry in root.entries if entry.key == KEY), root.place)
    rest = Block(tuple(entry for entry in root.entries if entry.key != KEY), root.place)
    return rest, _read(Section(shipped, "", problems, (KEY,)), problems)


def join(root: Node, targets: Iterable[Target]) -> Node:
    """The document with what is known of the rules of its targets: each once, with the figures that it follows from."""
    every = dict.fromkeys(one for target in targets for one in target.detection.worked_out)
    if not every or not isinstance(root, Block):
        return root
    return Block((*root.entries, Entry(KEY, from_plain([_plain(one) for one in every]))), root.place)


def _plain(one: WorkedOut) -> dict[str, object]:
    rule, pace = one.rule, one.pace
    figures = (rule.usual, rule.unacceptable, rule.burst_seconds, rule.false_alarms_per_year)
    tests = zip(_TESTS, (one.thresholds.alarm, one.thresholds.clear), strict=True)
    return {
        **dict(zip(_RULE, figures, strict=True)),
        **dict(zip(_PACE, (pace.calm_seconds, pace.suspect_seconds), strict=True)),
        **{name: dict(zip(_SCORE, (score.rise, score.threshold), strict=True)) for name, score in tests},
    }


def _read(section: Section, problems: Problems) -> Shipped:
    known: dict[tuple[LossRule, Cadence], WorkedOut] = {}
    if section.is_empty_list(KEY):
        return Shipped()
    for where, node in section.listed(KEY, "thresholds", 2 * limits.TARGETS):
        one = _one(open_section(node, where, problems, (*_RULE, *_PACE, *_TESTS)))
        if one is None:
            continue
        if (one.rule, one.pace) in known:
            problems.add(where, "the same rule at the same pace stands twice, expected it once", node.place)
        known[one.rule, one.pace] = one
    return Shipped(known)


def _one(section: Section | None) -> WorkedOut | None:
    if section is None:
        return None
    usual, unacceptable, bursts, often = (section.required(key, _figure) for key in _RULE)
    calm, suspect = (section.required(key, _figure) for key in _PACE)
    alarm, clear = (_score(section, key) for key in _TESTS)
    if usual is None or unacceptable is None or bursts is None or often is None:
        return None
    if calm is None or suspect is None or alarm is None or clear is None:
        return None
    rule, pace = LossRule(usual, unacceptable, bursts, often), Cadence(calm, suspect)
    return WorkedOut(rule, pace, Thresholds(alarm, clear))


def _score(section: Section, key: str) -> Score | None:
    node = section.node(key)
    asked = None if node is None else open_section(node, section.at(key), section.problems, _SCORE)
    if asked is None:
        return None
    rise, threshold = (asked.required(name, _steps) for name in _SCORE)
    return None if rise is None or threshold is None else Score(rise, threshold)

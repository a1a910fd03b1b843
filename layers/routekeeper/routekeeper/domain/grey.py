"""Grey failure: a line that answers, but loses too much or takes too long, told from chance.

A line that loses a third of its packets hardly ever shows many losses in a row. So a tally of bad outcomes against good
ones is kept beside them (`cusum`). It is raised when there are more bad outcomes than usual loss explains. The same
kind of test, the other way round, clears it, so that a few lucky probes neither make a verdict nor take it back.

Two things can be tallied, both off unless configured: lost probes, and answers that took too long.

Why: docs/decisions/grey-failure.md
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from routekeeper.domain import cusum
from routekeeper.domain.bounds import Count, Time
from routekeeper.domain.cusum import Cadence, Loss, Score

YEAR_SECONDS: Final = 365.25 * 86_400
STEADY_SECONDS: Final = 6 * 3_600.0
"""A steady loss, however near the limits, makes a verdict come and go at most this often on average."""
LATE_SHARE: Final = 0.5
BURST_SECONDS: Final = 0.1
FALSE_ALARMS_PER_YEAR: Final = 1.0
_MOST_WAITING: Final = 64
"""Good outcomes that may wait for older ones. Beyond this the oldest is counted early, because items have a limit."""


@dataclass(frozen=True, slots=True)
class LossRule:
    """How much loss is usual, how much is not acceptable, and how often a usual line may be accused."""

    usual: float
    """The share of probes that a good line loses, above 0 and below `unacceptable`."""
    unacceptable: float
    """The share from which traffic is better off elsewhere, below 1."""
    burst_seconds: float = BURST_SECONDS
    """How long losses of a good line that belong together last on average; 0: losses come one by one."""
    false_alarms_per_year: float = FALSE_ALARMS_PER_YEAR
    """Verdicts of one vantage on one target that loses as much as is usual."""


@dataclass(frozen=True, slots=True)
class LatencyRule:
    """The same for round-trip times. An answer that takes `unacceptable_seconds` or longer is late.

    With a mean round trip of `usual_seconds`, at most a share of usual / unacceptable can be late, whatever the
    distribution (Markov's inequality). The line is too slow when half of its answers are late, which is when the median
    has reached what is unacceptable. So the two must be further apart than a factor of 2.
    """

    usual_seconds: float
    unacceptable_seconds: float
    burst_seconds: float = BURST_SECONDS
    false_alarms_per_year: float = FALSE_ALARMS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Tally:
    """The evidence of one kind about one target. It travels in the table with the health it belongs to."""

    raised: bool = False
    """Whether it speaks for UNHEALTHY. Then good outcomes are counted up until it is cleared."""
    score: Count = 0
    since: Time | None = None
    """When the first probe of the present evidence was sent: the one that took the score off 0."""
    bad: Count = 0
    seen: Count = 0
    """Outcomes, and bad ones among them, since then."""
    waiting: tuple[Time, ...] = ()
    """When those good outcomes were sent that an older loss may still precede: it is known only after its timeout."""

    @property
    def suspicious(self) -> bool:
        """Whether more probes would bring a verdict sooner. Good outcomes that wait are taken as counted."""
        return not self.raised and self.score > len(self.waiting)


@dataclass(frozen=True, slots=True)
class Turn:
    """A tally was raised or cleared, on this evidence."""

    raised: bool
    since: float
    """When the first probe of the evidence was sent."""
    bad: int
    seen: int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The test that raises a tally and the one that clears it."""

    alarm: Score
    clear: Score


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """When a rule speaks where probes are sent at `pace`, worked out beforehand."""

    rule: LossRule
    pace: Cadence
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class Standard:
    """What a tally is measured by."""

    alarm: Score
    clear: Score
    timeout_seconds: float
    """A probe sent this long ago has been answered or is lost."""
    clear_for_seconds: float
    """The evidence that clears a tally spans at least this long."""


def late(rule: LatencyRule) -> LossRule:
    """The rule on late answers that a rule on latency comes to."""
    usual = rule.usual_seconds / rule.unacceptable_seconds
    return LossRule(usual, LATE_SHARE, rule.burst_seconds, rule.false_alarms_per_year)


@lru_cache(maxsize=256)
def thresholds(rule: LossRule, pace: Cadence) -> Thresholds:
    """Work out when a rule speaks where probes are sent at `pace`. It takes milliseconds to hundreds of them.

    Raises:
        TooLong: it takes a threshold above `cusum.MOST_THRESHOLD`.
    """
    usual = Loss(rule.usual, rule.burst_seconds)
    alarm = cusum.alarm(usual, rule.unacceptable, pace, YEAR_SECONDS / rule.false_alarms_per_year)
    return Thresholds(alarm, cusum.recovery(usual, alarm, pace, STEADY_SECONDS))


def loss_standard(
    rule: LossRule,
    pace: Cadence,
    timeout_seconds: float,
    clear_for_seconds: float,
    worked_out: tuple[WorkedOut, ...] = (),
) -> Standard:
    """What loss is measured by where probes are sent at `pace`. What is not among `worked_out` is worked out now."""
    known = next((one.thresholds for one in worked_out if one.rule == rule and one.pace == pace), None)
    found = known or thresholds(rule, pace)
    return Standard(found.alarm, found.clear, timeout_seconds, clear_for_seconds)


def latency_standard(
    rule: LatencyRule,
    pace: Cadence,
    timeout_seconds: float,
    clear_for_seconds: float,
    worked_out: tuple[WorkedOut, ...] = (),
) -> Standard:
    """What round-trip times are measured by where probes are sent at `pace`."""
    return loss_standard(late(rule), pace, timeout_seconds, clear_for_seconds, worked_out)


def seconds_to_notice(standard: Standard, share: float, pace: Cadence) -> float:
    """Mean seconds from the moment when a line starts to lose a `share`, one by one, to the verdict on it.

    The first probe after that moment follows within half an interval on average, the verdict comes with the timeout
    of the deciding one.
    """
    return cusum.seconds_to_alarm(standard.alarm, Loss(share), pace) - pace.calm_seconds / 2 + standard.timeout_seconds


def false_alarms_per_year(standard: Standard, rule: LossRule, pace: Cadence, in_a_row: int | None = None) -> float:
    """How often a line with usual loss is accused. With `in_a_row`, that many losses in a row accuse it, too."""
    usual = Loss(rule.usual, rule.burst_seconds)
    return YEAR_SECONDS / cusum.seconds_to_alarm(standard.alarm, usual, pace, in_a_row)


def seconds_to_clear(standard: Standard, share: float, pace: Cadence) -> float:
    """Mean seconds until the verdict is taken back, from the moment when a line loses only a `share`."""
    return max(cusum.seconds_to_recovery(standard.clear, share, pace.calm_seconds), standard.clear_for_seconds)


def tally_up(
    tally: Tally, standard: Standard, *, bad: bool, sent_at: float, completed_at: float
) -> tuple[Tally, Turn | None]:
    """The tally with one more outcome, counted in the order of sending, and whether that raised or cleared it.

    An answer overtakes the losses sent before it. If it were counted at once, it would be wasted on a score of 0, and
    the loss would weigh too much when it comes. So a good outcome waits until everything sent before it is known.
    """
    decided_until = sent_at if bad else completed_at - standard.timeout_seconds
    waiting = tally.waiting if bad else tuple(sorted((*tally.waiting, sent_at)))
    ripe = [at for place, at in enumerate(waiting) if at <= decided_until or len(waiting) - place > _MOST_WAITING]
    tally = replace(tally, waiting=waiting[len(ripe) :])
    turn = None
    for at, is_bad in [*((at, False) for at in ripe), *([(sent_at, True)] if bad else [])]:
        tally, turned = _count(tally, standard, bad=is_bad, at=at, now=completed_at)
        turn = turned or turn
    return tally, turn


def _count(tally: Tally, standard: Standard, *, bad: bool, at: float, now: float) -> tuple[Tally, Turn | None]:
    test = standard.clear if tally.raised else standard.alarm
    weight = test.rise if bad else 1
    score = max(0, tally.score + (weight if bad is not tally.raised else -weight))
    if score == 0:
        return Tally(tally.raised, waiting=tally.waiting), None
    since = at if tally.since is None else tally.since
    tally = replace(tally, score=min(score, test.threshold), since=since, bad=tally.bad + bad, seen=tally.seen + 1)
    if score < test.threshold or (tally.raised and now - since < standard.clear_for_seconds):
        return tally, None
    turn = Turn(not tally.raised, since, tally.bad, tally.seen)
    return Tally(turn.raised, waiting=tally.waiting), turn

"""Most answers of a good line may be left out, and no verdict comes of it or is missed for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LatencyRule, LossRule
from routekeeper.domain.health import Health, TargetHealth, expire, observe
from routekeeper.domain.settings import Configuration, IcmpProbe, Quorum, Target
from routekeeper_cli.replay import HealthChange, RoundOutcome, Row, replay
from routekeeper_cli.tune.rounds import Round, by_vantage, course
from tests.cli.tune.lines import never, trace

GREY = Detection(
    unhealthy_threshold=4,
    unhealthy_for_seconds=0.5,
    healthy_threshold=3,
    healthy_for_seconds=5.0,
    unknown_after_seconds=12.0,
    loss=LossRule(0.01, 0.3, 0.0, 50.0),
    latency=LatencyRule(0.005, 0.08, 0.0, 50.0),
)
TARGET = Target("dx", (IcmpProbe("10.109.2.1", 0.6),), quorum=Quorum.ANY)

Stretch = tuple[int, float, list[tuple[RoundOutcome, float | None]]]
"""So many rounds, so many seconds apart, that end so in turn."""

ANSWER, LATE = (RoundOutcome.OK, 0.01), (RoundOutcome.OK, 0.09)
ENDS = [ANSWER, LATE, (RoundOutcome.OK, 0.7), (RoundOutcome.OK, None), (RoundOutcome.LOST, None)]
RULES = (GREY, replace(GREY, loss=None), replace(GREY, latency=None), Detection())


def stretches(
    gaps: tuple[float, ...], ends: list[tuple[RoundOutcome, float | None]]
) -> st.SearchStrategy[list[Stretch]]:
    calm = st.tuples(st.integers(20, 60), st.sampled_from((0.1, 1.0)), st.just([ANSWER]))
    any_one = st.tuples(
        st.integers(1, 60), st.sampled_from(gaps), st.lists(st.sampled_from(ends), min_size=1, max_size=3)
    )
    return st.lists(st.one_of(calm, any_one), min_size=1, max_size=12)


def recorded(drawn: list[Stretch], vantage: str) -> list[Row]:
    rows, now = list[Row](), 0.0
    for count, gap, ends in drawn:
        for number in range(count):
            outcome, trip = ends[number % len(ends)]
            rows.append(Row(len(rows) + 2, now, vantage, "dx", outcome, trip))
            now += gap
    return rows


@settings(max_examples=30)
@given(
    drawn=stretches((0.01, 0.1, 0.5, 1.0, 5.0, 7.0, 13.0, 40.0), [*ENDS, (RoundOutcome.UNKNOWN, None)]),
    rule=st.sampled_from(RULES),
)
def test_every_change_of_health_comes_of_what_is_left(drawn: list[Stretch], rule: Detection) -> None:
    [rounds] = by_vantage(recorded(drawn, "a"), TARGET).values()
    assert folded([one for one, _ in course(rounds, rule, 30.0)], rule) == folded(rounds, rule)


def folded(rounds: Sequence[Round], rule: Detection) -> list[tuple[Health, float, float | None]]:
    """Each state with a new health, without what one more answer changes."""
    state, changes = TargetHealth(), []
    for one in rounds:
        before = state
        state = observe(expire(state, one.seen.completed_at, rule), one.seen, rule)
        if state.health is not before.health:
            changes.append((state.health, state.since, state.first_loss_at))
    return changes


@settings(max_examples=20)
@given(
    drawn=st.tuples(stretches((0.1, 0.5, 1.0, 5.0), ENDS), stretches((0.1, 1.0, 7.0), ENDS)),
    rule=st.sampled_from(RULES),
    stale_after=st.sampled_from((3.0, 30.0)),
)
def test_so_does_every_verdict_of_several_vantages(
    drawn: tuple[list[Stretch], list[Stretch]], rule: Detection, stale_after: float
) -> None:
    rows = [*recorded(drawn[0], "a"), *recorded(drawn[1], "b")]
    target = replace(TARGET, detection=rule)
    alone = Configuration({"dx": target}, {}, stale_after_seconds=stale_after)
    left = [one.row for held in by_vantage(rows, target).values() for one, _ in course(held, rule, stale_after)]
    assert changes(left, alone) == changes(rows, alone)


def changes(rows: list[Row], configuration: Configuration) -> list[tuple[float, Health]]:
    return [(event.time, event.health) for event in replay(rows, configuration) if isinstance(event, HealthChange)]


@pytest.mark.parametrize(("loses", "most"), [(never, 0.1), (lambda at: at % 1000 == 500, 0.15)])
def test_of_a_good_line_little_is_left(loses: Callable[[float], bool], most: float) -> None:
    rule = Detection(loss=LossRule(0.01, 0.3))
    rows = trace(range(8_000), loses)
    [held] = by_vantage(rows, replace(TARGET, detection=rule)).values()
    assert len(list(course(held, rule, 30.0))) < most * len(rows)

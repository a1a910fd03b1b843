"""The brake's ledger: how much is admitted, what is forgotten, and what nothing can shake loose (law 12)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.brake import Counted, Ledger, acknowledge, admit, count, counts, why_braked
from routekeeper.domain.group_state import Asker, Channel, Transition, TransitionKind
from routekeeper.domain.settings import Brake

RULE = Brake(3, 3600.0)
EMMA = Asker("emma", 500.0, "the carrier has repaired the line")


def transition(kind: TransitionKind, asked: Asker | None = None) -> Transition:
    return Transition("one-7", "one", kind, "a", "b", "because", 1.0, asked=asked)


def filled(*times: float) -> Ledger:
    ledger = Ledger()
    for number, at in enumerate(times):
        ledger = admit(ledger, RULE, f"one-{number}", at)
    return ledger


@pytest.mark.parametrize(
    ("kind", "counted"),
    [
        (TransitionKind.INITIAL, True),
        (TransitionKind.FAILOVER, True),
        (TransitionKind.FAILBACK, True),
        (TransitionKind.DRIFT, True),
        (TransitionKind.COMPLETION, False),
        (TransitionKind.MANUAL, False),
    ],
)
def test_what_was_decided_here_counts(kind: TransitionKind, *, counted: bool) -> None:
    assert counts(transition(kind)) is counted
    assert not counts(transition(kind, EMMA))


def test_the_last_slot_engages_the_brake_and_is_itself_granted() -> None:
    ledger = filled(10.0, 20.0, 30.0)
    assert ledger.has("one-2")
    assert (ledger.engaged_at, ledger.untold) == (30.0, tuple(Channel))


def test_law_12_nothing_more_is_admitted_once_the_brake_has_engaged_however_long_it_takes() -> None:
    later = admit(filled(10.0, 20.0, 30.0), RULE, "one-9", 1e6)
    assert not later.has("one-9")
    assert "invoke the operator function with the action acknowledge" in str(why_braked(later))


def test_moves_that_are_older_than_the_period_do_not_count() -> None:
    ledger = filled(10.0, 20.0, 20.0 + 3601.0)
    assert ledger.engaged_at is None
    assert why_braked(ledger) is None
    assert [one.at for one in ledger.moves] == [3621.0]


def test_a_crash_between_the_slot_and_the_commitment_costs_no_second_slot() -> None:
    ledger = filled(10.0, 20.0, 30.0)
    assert admit(ledger, RULE, "one-2", 40.0) is ledger


def test_what_has_engaged_the_brake_stays_on_record_however_long_nobody_acknowledges() -> None:
    engaged = filled(10.0, 20.0, 30.0)
    assert count(engaged, RULE, [Counted("two-1", 90_000.0)], 90_001.0) == engaged


def test_what_is_counted_twice_counts_once() -> None:
    ledger = count(filled(10.0), RULE, [Counted("two-1", 40.0), Counted("two-1", 40.0)], 41.0)
    assert [one.transition for one in ledger.moves] == ["one-0", "two-1"]


def test_moves_that_nothing_held_engage_the_brake_too() -> None:
    assert count(filled(10.0, 20.0), RULE, [Counted("two-1", 25.0)], 26.0).engaged_at == 26.0


def test_acknowledging_releases_forgets_and_says_who() -> None:
    ledger = acknowledge(replace(filled(10.0, 20.0, 30.0), version=8), EMMA)
    assert ledger == Ledger(8, acknowledged=EMMA)
    assert admit(ledger, RULE, "one-3", 501.0).has("one-3")


def test_a_move_from_before_the_acknowledgement_that_is_counted_late_stays_forgotten() -> None:
    ledger = acknowledge(filled(10.0, 20.0, 30.0), EMMA)
    assert count(ledger, RULE, [Counted("two-1", 499.0)], 510.0).moves == ()
    assert len(count(ledger, RULE, [Counted("two-2", 501.0)], 510.0).moves) == 1


def test_a_limit_that_was_lowered_counts_from_the_next_look_on() -> None:
    lowered = Brake(1, 3600.0)
    ledger = admit(filled(10.0, 20.0), lowered, "one-9", 30.0)
    assert not ledger.has("one-9")
    assert ledger.engaged_at == 30.0


# --- any course of things

names = st.sampled_from([f"g-{number}" for number in range(12)])
steps = st.lists(
    st.tuples(st.floats(0, 900), st.sampled_from(("admit", "count", "acknowledge")), names, st.floats(0, 120)),
    max_size=60,
)
rules = st.builds(Brake, st.integers(1, 5), st.sampled_from((60.0, 600.0, 3600.0)))


@given(steps, rules)
def test_law_12_never_more_than_the_limit_is_admitted_within_a_period_unless_acknowledged(
    course: list[tuple[float, str, str, float]], rule: Brake
) -> None:
    ledger, now, granted = Ledger(), 0.0, dict[str, float]()
    for wait, step, name, ago in course:
        now += wait
        match step:
            case "admit":
                new = not ledger.has(name)
                after = admit(ledger, rule, name, now)
                if new and after.has(name):
                    assert ledger.engaged_at is None
                    granted[name] = now
                assert admit(after, rule, name, now) == after
            case "count":
                after = count(ledger, rule, [Counted(name, now - ago)], now)
                assert count(after, rule, [Counted(name, now - ago)], now) == after
            case _:
                after, granted = acknowledge(ledger, Asker("kim", now, "seen")), {}
        assert sum(at > now - rule.per_seconds for at in granted.values()) <= rule.moves
        assert len(after.moves) <= rule.moves
        assert all(one.at > now - rule.per_seconds for one in after.moves) or after == ledger
        assert step == "acknowledge" or ledger.engaged_at in (None, after.engaged_at)
        ledger = after

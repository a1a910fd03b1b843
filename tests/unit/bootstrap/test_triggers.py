"""What woke a function: which ticks are still worth a pass."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from routekeeper.bootstrap.triggers import TICK_SECONDS, answer, is_stale_tick, objection

AT = datetime(2027, 1, 15, 8, 0, tzinfo=UTC).timestamp()


def tick(time: object) -> dict[str, Any]:
    return {"source": "aws.events", "detail-type": "Scheduled Event", "time": time}


@pytest.mark.parametrize("late_seconds", [-1.0, 0.0, TICK_SECONDS])
def test_the_tick_of_this_minute_is_worth_a_pass(late_seconds: float) -> None:
    assert not is_stale_tick(tick("2027-01-15T08:00:00Z"), AT + late_seconds)


def test_the_tick_of_a_minute_that_is_over_is_not() -> None:
    assert is_stale_tick(tick("2027-01-15T08:00:00Z"), AT + TICK_SECONDS + 1)


@pytest.mark.parametrize("time", [None, "", "soon", 1_800_000_000, "2027-01-15T08:00:00"])
def test_a_tick_of_which_nobody_knows_when_it_was_is_worth_a_pass(time: object) -> None:
    assert not is_stale_tick(tick(time), AT + 3600)


def test_a_tick_without_a_time_is_worth_a_pass() -> None:
    assert not is_stale_tick({"detail-type": "Scheduled Event"}, AT + 3600)


@pytest.mark.parametrize(
    "event",
    [
        {"Records": []},
        {"detail-type": "EC2 Instance State-change Notification", "time": "2027-01-15T08:00:00Z"},
        {},
    ],
)
def test_whatever_else_wakes_a_function_is_never_too_late(event: dict[str, Any]) -> None:
    assert not is_stale_tick(event, AT + 3600)


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (None, "found nothing, expected an object"),
        ([], "found a list, expected an object"),
        ("go", "found 'go', expected an object"),
        ({"Records": None}, "Records: found nothing, expected a list of objects"),
        ({"Records": {}}, "Records: found a mapping, expected a list of objects"),
        ({"Records": [{}, 7]}, "Records: found the number 7, expected a list of objects"),
    ],
)
def test_an_event_that_no_trigger_sends_is_refused_in_words(event: object, found: str) -> None:
    assert objection(event) == f"{found}; invoke with {{}} to start a pass"


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"Records": [{}]}, {"detail-type": 7, "source": None}])
def test_whatever_else_is_sent_starts_a_pass(event: object) -> None:
    assert objection(event) is None


@pytest.mark.parametrize(
    "record", [{}, {"dynamodb": None}, {"dynamodb": 7}, {"dynamodb": {"Keys": 7}}, {"dynamodb": {"SequenceNumber": 7}}]
)
def test_an_odd_record_is_logged_and_no_traceback(record: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    answer({"Records": [record]}, {})
    assert [one.getMessage() for one in caplog.records] == ["poison record"]

"""What is stored of a time to come is believed no further than it can be true, and the log says so."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from routekeeper.domain.bounds import CLOCK_SKEW_SECONDS
from routekeeper.domain.group_state import LONGEST_TURN_SECONDS, Channel
from routekeeper.domain.health import Health
from routekeeper.domain.settings import Brake
from routekeeper.domain.vantage import Vantage
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import CONFIGURATION, NAT_A, NAT_B, Stage

FAR = 30 * 86_400.0


def logged(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, Any]]:
    return [vars(one) for one in caplog.records if one.getMessage() == message and one.levelno == logging.WARNING]


def test_law_4_a_worker_until_far_ahead_does_not_keep_the_group_on_a_dead_path(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.save(stage.state(), worker="dead", worker_until=stage.now + FAR)
    stage.see("nat-a", Health.UNHEALTHY)
    with caplog.at_level(logging.WARNING, logger="routekeeper"):
        assert stage.run()["one"].error is None
    assert stage.routes.next_hops["rtb-1"] == NAT_B
    [told] = logged(caplog, "the end of a turn is too far away to be waited for")
    assert set(told["ends"]) == {"worker_until"}


def test_a_worker_is_waited_for_as_long_as_an_invocation_can_live(stage: Stage) -> None:
    stage.save(stage.state(), worker="alive", worker_until=stage.now + LONGEST_TURN_SECONDS)
    stage.see("nat-a", Health.UNHEALTHY)
    assert stage.run()["one"].outcome == "left to another invocation"
    assert stage.routes.next_hops["rtb-1"] == NAT_A


def test_a_teller_until_far_ahead_does_not_keep_people_waiting(stage: Stage) -> None:
    stage.people.unreachable = set(Channel)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.people.unreachable = set()
    stage.save(stage.state(), teller="dead", teller_until=stage.now + FAR)
    stage.run()
    assert [t.group for t in stage.people.told].count("one") == 1


def test_nobody_waits_for_a_teller_of_the_brake_that_cannot_end_and_the_log_says_so(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = replace(stage.store.load_brake(), engaged_at=stage.now, untold=tuple(Channel))
    stage.store.save_brake(replace(ledger, teller="dead", teller_until=stage.now + FAR))
    stage.configuration = replace(CONFIGURATION, brake=Brake(12, 3600.0))
    stage.run()
    assert len(stage.people.engagements) == len(Channel)
    [told] = [line for line in caplog.records if "too far away to be waited for" in line.getMessage()]
    assert told.__dict__["ends"] == {"teller_until": stage.now + FAR}


def test_law_11_a_group_with_a_time_that_is_still_to_come_strands_no_other_and_is_named(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.save(stage.state(), since=stage.now + FAR)
    stage.see("nat-a", Health.UNHEALTHY)
    with caplog.at_level(logging.WARNING, logger="routekeeper"):
        reports = stage.run()
    assert stage.routes.next_hops == {"rtb-1": NAT_A, "rtb-2": NAT_A, "rtb-3": NAT_B}
    assert [told.group for told in stage.people.told] == ["two"], "and its news are told"
    assert str(reports["one"].error).startswith("GROUP/one: since is ")
    assert any("GROUP/one: since is " in str(vars(one).get("error")) for one in caplog.records)
    assert stage.count(Metric.STEERING_FAILURES) > 0, "the alarm rings"


def test_a_clock_that_is_a_minute_behind_takes_no_group_down(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.now -= 60
    assert not any(report.error for report in stage.run().values())


def beat_of(stage: Stage, ahead: float) -> None:
    """A second vantage, which sees nat-a fail, has a heartbeat from the future."""
    stage.see("nat-a", Health.UNHEALTHY, "b")
    stage.store.save_vantage(Vantage("b", 1, stage.now + ahead))


@pytest.mark.parametrize(
    ("ahead", "counts"), [(CLOCK_SKEW_SECONDS, True), (CLOCK_SKEW_SECONDS + 1, False), (FAR, False)]
)
def test_law_1_a_heartbeat_from_the_future_is_no_fresh_one(
    stage: Stage, ahead: float, counts: bool, caplog: pytest.LogCaptureFixture
) -> None:
    beat_of(stage, ahead)
    with caplog.at_level(logging.WARNING, logger="routekeeper"):
        verdict = stage.store.load_board().verdicts(CONFIGURATION, stage.now)["nat-a"]
        stage.run()
    assert (verdict.health is not Health.HEALTHY) is counts
    told = logged(caplog, "item of the board not believed")
    assert [(one["vantage"], one["target"]) for one in told] == ([] if counts else [("b", None)])


def test_law_1_a_verdict_from_the_future_is_no_evidence(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    state = replace(stage.store.load_board().health["a"]["nat-b"], since=stage.now + FAR)
    stage.store.save_health("a", 1, "nat-b", state)
    stage.see("nat-a", Health.UNHEALTHY)
    with caplog.at_level(logging.WARNING, logger="routekeeper"):
        stage.run()
    assert stage.routes.next_hops["rtb-1"] == NAT_A
    [told] = logged(caplog, "item of the board not believed")
    assert (told["vantage"], told["target"], told["why"]) == ("a", "nat-b", f"it is from {FAR:.0f} s in the future")


def test_law_11_a_group_with_an_odd_number_is_in_trouble_alone_and_named(stage: Stage) -> None:
    key_attributes = {"pk": {"S": "GROUP"}, "sk": {"S": "one"}}
    stage.table.place({**key_attributes, "group": {"S": "one"}, "worker_until": {"N": "9999999999999"}})
    stage.see("nat-a", Health.UNHEALTHY)
    reports = stage.run()
    assert str(reports["one"].error).startswith("GROUP/one: worker_until is ")
    assert stage.routes.next_hops["rtb-3"] == NAT_B

"""Changes that EC2 refuses or answers late: the other tables go on, and what is missing is tried again."""

from __future__ import annotations

import pytest

from routekeeper.domain.group_state import TransitionKind
from routekeeper.domain.health import Health
from routekeeper.ec2.errors import refused
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import DENIED, NAT_A, NAT_B, SILENT, Stage


def test_a_failing_table_does_not_strand_the_others(stage: Stage) -> None:
    stage.routes.refusals["rtb-1"] = [DENIED]
    stage.see("nat-a", Health.UNHEALTHY)
    reports = stage.run()
    assert stage.routes.next_hops == {"rtb-1": NAT_A, "rtb-2": NAT_B, "rtb-3": NAT_B}
    assert reports["one"].error is not None
    assert "denied" in reports["one"].error
    assert stage.count(Metric.STEERING_FAILURES) == 1


def test_what_failed_is_completed_later_as_an_event_of_its_own(stage: Stage) -> None:
    stage.routes.refusals["rtb-1"] = [DENIED]
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.run()
    completion, failover = stage.history()
    assert completion.kind is TransitionKind.COMPLETION
    assert [c.resource for c in completion.changes] == ["rtb-1"]
    assert [c.resource for c in failover.changes if c.refusal is None] == ["rtb-2"]


def test_a_throttled_call_is_tried_again_within_the_pass(stage: Stage) -> None:
    stage.routes.refusals["rtb-1"] = [refused("slow down", "RequestLimitExceeded")] * 3
    stage.see("nat-a", Health.UNHEALTHY)
    assert stage.run()["one"].error is None
    assert stage.routes.next_hops["rtb-1"] == NAT_B
    assert len(stage.history()) == 1


def test_a_call_that_timed_out_after_acting_is_a_success(stage: Stage) -> None:
    stage.routes.acts_before_refusing = True
    stage.routes.refusals["rtb-1"] = [refused("no answer", "Timeout")]
    stage.see("nat-a", Health.UNHEALTHY)
    assert stage.run()["one"].error is None
    assert stage.routes.next_hops["rtb-1"] == NAT_B


def test_nothing_changed_is_nothing_recorded_and_is_tried_again(stage: Stage) -> None:
    stage.routes.refusals["rtb-3"] = [*SILENT]
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.history("two") == ()
    assert stage.people.told == [stage.history("one")[0]]
    stage.run()
    [event] = stage.history("two")
    assert event.kind is TransitionKind.FAILOVER


def test_a_route_that_aws_takes_long_to_settle_is_waited_for(stage: Stage) -> None:
    stage.routes.unsettled_reads["rtb-1"] = 40
    stage.see("nat-a", Health.UNHEALTHY)
    assert stage.run()["one"].error is None
    [event] = stage.history()
    assert [change.refusal for change in event.changes] == [None, None]
    assert event.steering_seconds == pytest.approx(40 * 0.25, abs=0.6)


def test_a_table_that_is_gone_is_named_in_every_pass_and_keeps_no_transition_open(stage: Stage) -> None:
    del stage.routes.next_hops["rtb-3"]
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.state("two").pending is None
    assert [str(change.refusal) for change in stage.history("two")[0].changes] == ["rtb-3 does not exist"]
    report = stage.run()["two"]
    assert report.error == "rtb-3: rtb-3 does not exist"
    assert len(stage.history("two")) == 1

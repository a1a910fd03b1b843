"""AWS's events at the router: recorded first, then acted on; those about others' instances cost nothing."""

from __future__ import annotations

from typing import Any

import pytest

from lab.memory_store import MemoryStore
from routekeeper.domain.errors import StoreError
from routekeeper.domain.group_state import Pause, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.router import Noting
from tests.unit.router.stage import ASKED, CONFIGURATION, NAT_A, NAT_B, Stage


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.run()
    return stage


def event(state: str, instance: str = "i-a", at: str = "2027-01-15T08:00:00Z") -> dict[str, Any]:
    return {
        "id": f"{state} {at}",
        "detail-type": "EC2 Instance State-change Notification",
        "source": "aws.ec2",
        "time": at,
        "detail": {"instance-id": instance, "state": state},
    }


def take(stage: Stage, told: dict[str, Any], store: MemoryStore | None = None) -> bool:
    return Noting(CONFIGURATION, store or stage.store, stage.sleep).take(told)


def test_a_stopping_instance_is_left_by_every_group_before_a_packet_is_lost(stage: Stage) -> None:
    assert take(stage, event("stopping"))
    stage.run()
    assert stage.routes.next_hops == {"rtb-1": NAT_B, "rtb-2": NAT_B, "rtb-3": NAT_B}
    [moved] = stage.history()
    assert moved.kind is TransitionKind.FAILOVER
    assert "EC2 says that i-a is stopping (instance state-change notification, 08:00:00Z)" in moved.reason
    assert (moved.first_loss_at, moved.detection_seconds) == (None, None)


def test_the_evidence_is_in_the_table_before_anything_is_decided(stage: Stage) -> None:
    take(stage, event("stopping"))
    assert [signal.source for signal in stage.store.load_signals()] == ["stopping 2027-01-15T08:00:00Z"]


def test_law_10_a_signal_whose_pass_never_came_is_acted_on_by_the_next(stage: Stage) -> None:
    take(stage, event("stopping"))
    stage.now += 45
    stage.run()
    assert stage.state().path == "nat-b"


def test_traffic_returns_after_its_hold_down_once_the_instance_runs(stage: Stage) -> None:
    take(stage, event("stopping"))
    stage.run()
    assert take(stage, event("running", at="2027-01-15T08:00:40Z"))
    stage.now += 45
    stage.run()
    assert stage.state().path == "nat-b"
    stage.now += 61
    stage.run()
    assert stage.state().path == "nat-a"


def test_an_older_event_that_arrives_late_is_no_news(stage: Stage) -> None:
    assert take(stage, event("running", at="2027-01-15T08:00:40Z"))
    assert not take(stage, event("stopping"))
    stage.run()
    assert stage.state().path == "nat-a"


def test_an_event_that_arrives_twice_is_acted_on_twice_and_changes_nothing_more(stage: Stage) -> None:
    for _ in range(2):
        assert take(stage, event("stopping"))
        stage.run()
    assert len(stage.history()) == 1


def test_an_instance_that_no_path_depends_on_costs_no_access_to_the_table(stage: Stage) -> None:
    before = stage.table.writes
    assert not take(stage, event("stopping", instance="i-others"))
    assert stage.table.writes == before


def test_an_event_that_cannot_be_read_is_logged_and_not_asked_for_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    assert not take(stage, event("melting"))
    [record] = [record for record in caplog.records if record.message == "event not understood"]
    assert "state is 'melting'" in vars(record)["error"]


def test_a_table_that_fails_for_a_moment_does_not_lose_the_signal(stage: Stage) -> None:
    store = stage.store
    store.fail("save_signal", StoreError("no answer"), times=2)
    assert take(stage, event("stopping"), store)


def test_a_table_that_goes_on_failing_fails_the_invocation(stage: Stage) -> None:
    store = stage.store
    store.fail("save_signal", StoreError("no answer"), times=3)
    with pytest.raises(StoreError):
        take(stage, event("stopping"), store)


def test_law_6_a_pause_holds_against_signals(stage: Stage) -> None:
    stage.save(stage.state(), pause=Pause(stage.now + 600, ASKED))
    take(stage, event("stopping"))
    stage.run()
    assert stage.state().path == "nat-a"


def test_law_3_where_nothing_else_is_healthy_traffic_stays(stage: Stage) -> None:
    stage.see("nat-b", Health.UNHEALTHY)
    take(stage, event("stopping"))
    stage.run()
    assert stage.state().path == "nat-a"
    assert stage.routes.next_hops["rtb-1"] == NAT_A

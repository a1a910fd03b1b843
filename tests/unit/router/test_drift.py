"""Routes that somebody else has moved are put right if their path is HEALTHY, and left if not (laws 2, 3 and 6)."""

from __future__ import annotations

import pytest

from routekeeper.domain.group_state import Pause, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import ASKED, NAT_A, NAT_B, Stage


def test_drift_is_put_right_and_recorded_as_drift(stage: Stage) -> None:
    stage.routes.next_hops["rtb-2"] = NAT_B
    stage.run()
    assert stage.routes.next_hops["rtb-2"] == NAT_A
    [event] = stage.history()
    assert event.kind is TransitionKind.DRIFT
    assert [change.resource for change in event.changes] == ["rtb-2"]
    assert stage.count(Metric.DRIFT) == 1


@pytest.mark.parametrize("health", [Health.UNHEALTHY, Health.UNKNOWN])
def test_laws_2_and_3_drift_is_left_where_it_is_while_nothing_is_healthy(stage: Stage, health: Health) -> None:
    stage.see("nat-a", health)
    stage.see("nat-b", Health.UNHEALTHY)
    stage.routes.next_hops["rtb-2"] = NAT_B
    report = stage.run()["one"]
    assert stage.routes.changes == []
    assert stage.history() == ()
    assert report.error is None
    stage.see("nat-a", Health.HEALTHY)
    stage.run()
    assert stage.routes.changes == [("rtb-2", "i-a")]


def test_law_6_a_paused_group_is_left_alone_drift_included(stage: Stage) -> None:
    stage.save(stage.state(), pause=Pause(stage.now + 600, ASKED))
    stage.see("nat-a", Health.UNHEALTHY)
    stage.routes.next_hops["rtb-2"] = NAT_B
    stage.run()
    assert stage.routes.changes == [("rtb-3", "i-b")]
    stage.now += 601
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.routes.next_hops["rtb-1"] == NAT_B

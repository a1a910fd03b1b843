"""Routes that cannot be read, or only late: what is known once they can be read is what counts (law 2)."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain.health import Health
from routekeeper.ec2.errors import refused
from tests.unit.router.stage import CONFIGURATION, DENIED, NAT_A, NAT_B, Stage, write_before_the_change_of


def test_unreadable_routes_do_not_keep_the_desired_path_from_being_decided(stage: Stage) -> None:
    stage.routes.refusals["read"] = [DENIED] * 2
    stage.see("nat-a", Health.UNHEALTHY)
    reports = stage.run()
    assert all(report.error is not None for report in reports.values())
    assert stage.state().path == "nat-b"
    stage.run()
    assert stage.routes.next_hops["rtb-1"] == NAT_B


def test_routes_that_cannot_be_read_for_a_moment_are_read_again_within_the_pass(stage: Stage) -> None:
    stage.routes.refusals["read"] = [refused("no answer", "Timeout")] * 6
    stage.see("nat-a", Health.UNHEALTHY)
    reports = stage.run()
    assert all(report.error is None for report in reports.values())
    assert stage.routes.next_hops["rtb-1"] == NAT_B


def _fail_before_the_last_refused_read(stage: Stage, target: str) -> None:
    def fail_meanwhile() -> None:
        if len(stage.routes.refusals["read"]) == 1:
            stage.see(target, Health.UNHEALTHY)

    stage.routes.before_read = fail_meanwhile


def test_law_2_a_move_that_had_to_wait_for_its_routes_is_decided_anew(stage: Stage) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.routes.refusals["read"] = [refused("no answer", "Timeout")] * 12
    stage.see("nat-a", Health.UNHEALTHY)
    _fail_before_the_last_refused_read(stage, "nat-b")
    stage.run()
    assert stage.routes.refusals["read"] == []
    assert stage.routes.changes == []


def test_law_2_drift_is_judged_by_what_is_known_once_the_routes_could_be_read(stage: Stage) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.see("nat-b", Health.UNHEALTHY)
    stage.routes.next_hops["rtb-2"] = NAT_B
    stage.routes.refusals["read"] = [refused("throttled", "RequestLimitExceeded")] * 4
    _fail_before_the_last_refused_read(stage, "nat-a")
    stage.run()
    assert stage.routes.refusals["read"] == []
    assert stage.routes.changes == []


def test_law_2_what_was_decided_before_is_looked_at_again_when_the_routes_can_be_read(stage: Stage) -> None:
    stage.routes.refusals = {"rtb-1": [DENIED], "rtb-2": [DENIED]}
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.see("nat-a", Health.HEALTHY)
    stage.see("nat-b", Health.UNKNOWN)
    stage.routes.refusals["read"] = [refused("no answer", "Timeout")] * 4
    stage.run()
    assert stage.routes.next_hops["rtb-1"] == stage.routes.next_hops["rtb-2"] == NAT_A


def test_law_2_after_a_slow_read_of_the_routes_the_decision_is_on_what_is_known_by_then(stage: Stage) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.run()
    stage.see("nat-a", Health.UNHEALTHY)

    def be_slow() -> None:
        stage.sleep(15)  # EC2 is silent, twice; meanwhile the other path fails, too
        stage.see("nat-b", Health.UNHEALTHY)

    stage.routes.before_read = be_slow
    stage.run()
    assert stage.state().path == "nat-a"
    assert stage.routes.changes == []


def test_law_7_what_is_changed_of_routes_that_were_read_late_is_in_history_though_somebody_wrote_meanwhile(
    stage: Stage,
) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.routes.refusals["read"] = [refused("no answer", "Timeout")] * 3
    write_before_the_change_of(stage, "rtb-1")
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    [event] = stage.history()
    assert {change.resource: change.before for change in event.changes} == {"rtb-1": "i-a", "rtb-2": "i-a"}


def test_a_blackholed_route_is_left_though_its_probes_still_succeed(stage: Stage) -> None:
    stage.routes.blackholes |= {"rtb-1", "rtb-2"}
    stage.run()
    assert stage.state().path == "nat-b"
    assert "blackhole" in stage.history()[0].reason


def test_a_change_that_cannot_be_read_back_is_asked_for_ever_more_rarely(stage: Stage) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.see("nat-a", Health.UNHEALTHY)
    began, asked_at = stage.now, list[float]()
    stage.routes.before_read = lambda: asked_at.append(stage.now)

    def deny(changed: str) -> None:
        del changed
        stage.routes.refusals["read"] = [DENIED] * 1000

    stage.routes.before_change = deny
    assert "not to be read back" in str(stage.run()["one"].error)
    assert len(asked_at) < 25
    assert stage.now - began > 20, "as long as the pass lasts"

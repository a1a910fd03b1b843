"""What was down comes back: the instance is restarted, traffic returns without a loss, and nothing flaps."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lab.cloud.user_view import wait_for
from lab.laboratory import Laboratory
from lab.network.faults import Direction
from lab.network.measure import Measurement
from lab.network.record import lost_between
from lab.world import VANTAGE_A, VANTAGE_B
from tests.e2e import user
from tests.e2e.stage import Outage, Stage

pytestmark = [pytest.mark.network, pytest.mark.e2e, pytest.mark.timeout(300)]

HEALTHY_FOR_SECONDS = 30.0
HOLD_DOWN_SECONDS = 60.0
FAILBACK_WITHIN_SECONDS = 180.0
AFTERMATH_SECONDS = 3.0
WATCHED_EVERY_SECONDS = 2.0
"""Two probe intervals."""
LATENESS_SECONDS = 0.3
"""What a busy machine may add."""
WATCHED_FOR_SECONDS = 130.0
"""With a schedule every minute, two hand-overs of each vantage."""


def test_a_throttled_table_is_put_right_with_the_next_pass_once_ec2_permits(lab: Laboratory, mended: Outage) -> None:
    table = lab.world.spare_route_tables[0]
    wait_for(lambda: user.metric(lab, "SteeringFailures", group="refused"), 60, "SteeringFailures of refused")
    assert user.default_route(lab, table) == "nat-a"
    lab.aws.ec2_controls.lift_refusals()
    wait_for(lambda: user.default_route(lab, table) == "nat-b", 90, "the throttled table is put right")
    moved = user.await_event(lab, "refused", "failover")
    assert [change["resource"] for change in moved["changes"]] == [f"{table} 0.0.0.0/0"]
    assert [event["kind"] for event in user.history(lab, "refused")] == ["failover"]


def test_a_route_changed_by_hand_is_put_right_with_the_next_pass_and_recorded_as_drift(
    lab: Laboratory, mended: Outage
) -> None:
    table, wrong, right = lab.world.route_tables["private-b"], *(lab.world.instances[n] for n in ("nat-a", "nat-b"))
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    lab.aws.client("ec2").replace_route(**route, InstanceId=wrong)
    assert user.default_route(lab, table) == "nat-a"
    wait_for(lambda: user.default_route(lab, table) == "nat-b", 75, "the route is put right")
    drift = user.await_event(lab, "private-b", "drift")
    (change,) = drift["changes"]
    assert (change["resource"], change["after"], change["error"]) == (f"{table} 0.0.0.0/0", right, None)
    assert wrong in change["before"], "what was found is on record"
    assert wait_for(lambda: user.metric(lab, "Drift", group="private-b"), 20, "metric Drift")
    assert [event["kind"] for event in user.history(lab, "private-b")] == ["drift"]


def test_the_pinned_probe_goes_on_testing_direct_connect_while_traffic_is_on_the_vpn(
    lab: Laboratory, mended: Outage
) -> None:
    def recovered() -> bool:
        seen = user.status(lab, "idc")
        return (seen["paths"]["dx"]["health"], seen["path"]) == ("HEALTHY", "vpn")

    wait_for(recovered, HEALTHY_FOR_SECONDS + 30, "Direct Connect HEALTHY with traffic on the VPN")
    assert user.reference(lab, "on-premises") == lab.world.attachments["vpn"]


def test_traffic_returns_to_direct_connect_once_and_without_a_loss(lab: Laboratory, mended: Outage) -> None:
    back = user.await_failback(lab, "idc", timeout_seconds=FAILBACK_WITHIN_SECONDS)
    assert user.moment(back["at"]) - mended.mended_at >= HEALTHY_FOR_SECONDS + HOLD_DOWN_SECONDS - 1
    assert user.reference(lab, "on-premises") is None
    assert _lost_since_the_blackout(mended.dx, mended, back) == 0
    assert [event["kind"] for event in user.history(lab, "idc")] == ["failover", "failback"]


def test_a_line_that_is_cut_in_one_direction_only_is_left_as_fast(lab: Laboratory, mended: Outage) -> None:
    user.await_event(lab, "idc", "failback", timeout_seconds=FAILBACK_WITHIN_SECONDS)
    struck_at = time.time()
    lab.network.dx.cut(Direction.INBOUND)
    try:
        user.await_event(lab, "idc", "failover", count=2)
        wait_for(lambda: user.blackout_of(mended.dx.packets, struck_at).over, 10, "packets answered again")
    finally:
        lab.network.dx.mend()
    assert user.blackout_of(mended.dx.packets, struck_at).seconds <= user.BLACKOUT_LIMIT_SECONDS


def test_the_hung_instance_is_stopped_by_force_and_started_and_traffic_returns_without_a_loss(
    stage: Stage, mended: Outage
) -> None:
    lab = stage.lab
    nat_a, nat_b = (lab.world.instances[name] for name in ("nat-a", "nat-b"))
    back = user.await_event(lab, "private-a", "failback", timeout_seconds=FAILBACK_WITHIN_SECONDS)
    assert stage.instances.course(nat_a) == ["running", "stopping", "stopped", "pending", "running"]
    assert stage.instances.course(nat_b) == ["running"], "never two of a restart group down"
    gently, *by_force = (str(call["parameters"].get("Force", False)).lower() for call in _stops(lab))
    assert (gently, set(by_force)) == ("false", {"true"})
    restart = list(reversed(lab.ask(action="history", restart_group="nat", limit=50)["events"]))
    assert [event["action"] for event in restart if event["action"]] == ["stop", "force-stop", "start"]
    assert (restart[0]["outcome"], restart[-1]["outcome"]) == ("begun", "recovered")
    assert user.default_route(lab, lab.world.route_tables["private-a"]) == "nat-a"
    assert _lost_since_the_blackout(mended.nat, mended, back) == 0
    assert [event["kind"] for event in user.history(lab, "private-a")] == ["failover", "failback"]


def test_no_target_is_unwatched_while_monitors_hand_over(stage: Stage, mended: Outage) -> None:
    for sightings in stage.sightings:
        first = min(at for times in sightings.seen.values() for at in times)
        time.sleep(max(0.0, first + WATCHED_FOR_SECONDS - time.time()))
        for vantages in ((VANTAGE_A, VANTAGE_B), (VANTAGE_A,), (VANTAGE_B,)):
            gap = sightings.longest_gap(*vantages)
            told = f"{sightings.target.name} unwatched by {' and '.join(v.name for v in vantages)}"
            assert gap <= WATCHED_EVERY_SECONDS + LATENESS_SECONDS, told


def test_icmp_that_is_refused_is_told_and_never_counts_as_a_loss(lab: Laboratory, mended: Outage) -> None:
    def nothing_is_lost_for_a_minute() -> bool:
        return 0.0 in user.metric(lab, "LossRatio", vantage="b", target="dx-router")

    wait_for(nothing_is_lost_for_a_minute, 150, "a minute without a loss seen from vantage b")
    assert user.metric(lab, "IcmpUnavailable")


def _stops(lab: Laboratory) -> list[dict[str, Any]]:
    return lab.aws.ec2_controls.calls(action="StopInstances")


def _lost_since_the_blackout(traffic: Measurement, outage: Outage, back: user.Event) -> int:
    """Packets lost from the end of the failure's blackout until some seconds after failback."""
    until = user.moment(back["applied_at"]) + AFTERMATH_SECONDS
    time.sleep(max(0.0, until + 1.5 - time.time()))  # the last of them need their time to count as lost
    return lost_between(traffic.packets, user.blackout_of(traffic.packets, outage.struck_at).end, until)

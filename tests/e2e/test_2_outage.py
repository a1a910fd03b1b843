"""Direct Connect is cut and NAT instance A hangs: traffic moves within seconds, and trouble strands nobody else."""

from __future__ import annotations

import pytest

from lab.cloud.user_view import wait_for
from lab.laboratory import Laboratory
from lab.network.measure import Measurement
from tests.e2e import user
from tests.e2e.stage import Outage

pytestmark = [pytest.mark.network, pytest.mark.e2e, pytest.mark.timeout(240)]


def test_when_direct_connect_is_cut_packets_flow_through_the_vpn_within_four_seconds(
    lab: Laboratory, outage: Outage
) -> None:
    moved = user.await_event(lab, "idc", "failover")
    assert (moved["from"], moved["to"]) == ("dx", "vpn")
    assert user.reference(lab, "on-premises") == lab.world.attachments["vpn"]
    assert _blackout_seconds(outage.dx, outage) <= user.BLACKOUT_LIMIT_SECONDS


def test_when_a_nat_instance_hangs_packets_flow_through_the_other_within_four_seconds(
    lab: Laboratory, outage: Outage
) -> None:
    moved = user.await_event(lab, "private-a", "failover")
    assert (moved["from"], moved["to"]) == ("nat-a", "nat-b")
    assert user.default_route(lab, lab.world.route_tables["private-a"]) == "nat-b"
    assert _blackout_seconds(outage.nat, outage) <= user.BLACKOUT_LIMIT_SECONDS


@pytest.mark.parametrize(("group", "gone", "standby"), [("idc", "dx", "vpn"), ("private-a", "nat-a", "nat-b")])
def test_people_and_programs_are_told_once_what_moved_why_and_how_fast(
    lab: Laboratory, outage: Outage, group: str, gone: str, standby: str
) -> None:
    moved = user.await_event(lab, group, "failover")
    message = wait_for(lambda: user.told_of(lab, moved), 20, "message")[0]
    assert f"failover of {group}: {gone} -> {standby}" in message.subject
    lines = message.text.splitlines()
    assert lines[0] == f"failover of {group}: {gone} -> {standby}"
    for beginning in (
        f"Why: {gone} is UNHEALTHY (2 of 2 vantages: ",
        "First loss: ",
        "Detected: ",
        "Routes in place: ",
    ):
        assert any(line.startswith(beginning) for line in lines), f"no line {beginning!r} in:\n{message.text}"
    event = wait_for(lambda: user.published(lab, moved), 20, "event")[0]
    assert event["source"] == "routekeeper"
    assert event["detail-type"] == "Route Transition"
    assert (event["detail"]["from_path"], event["detail"]["to_path"]) == (gone, standby)
    assert 0 < event["detail"]["detection_seconds"] < user.BLACKOUT_LIMIT_SECONDS
    assert len(user.told_of(lab, moved)) == len(user.published(lab, moved)) == 1


def test_the_transition_alarm_tells_of_it(lab: Laboratory, outage: Outage) -> None:
    user.await_event(lab, "idc", "failover")
    user.await_alarm(lab, "transition")
    assert wait_for(lambda: user.metric(lab, "Transitions", group="idc"), 20, "metric Transitions") == [1.0]


def test_a_table_without_the_tag_is_not_touched(lab: Laboratory, outage: Outage) -> None:
    table = lab.world.spare_route_tables[1]
    user.await_event(lab, "idc", "failover")
    wait_for(lambda: user.metric(lab, "SteeringFailures", group="untagged"), 60, "SteeringFailures of untagged")
    calls = [call for call in lab.aws.ec2_controls.calls(action="ReplaceRoute") if table in str(call["parameters"])]
    assert {call["error"] for call in calls} == {"UnauthorizedOperation"}
    assert user.default_route(lab, table) == "nat-a"
    [refused] = user.history(lab, "untagged")
    assert {change["code"] for change in refused["changes"]} == {"UnauthorizedOperation"}
    assert refused["traffic"] == {"paths": ["first"], "astray": 0}


def test_a_pause_is_honoured_until_it_is_ended(lab: Laboratory, outage: Outage) -> None:
    user.await_event(lab, "idc", "failover")
    assert user.history(lab, "rehearsal", "failover") == []
    assert user.reference(lab, "rehearsal") is None
    assert user.ask(lab, "resume", "rehearsal")["ok"]
    user.await_event(lab, "rehearsal", "failover", timeout_seconds=10)  # though another group's table is throttled
    assert user.reference(lab, "rehearsal") == lab.world.attachments["vpn"]


def test_nobody_moves_traffic_by_hand_onto_an_unhealthy_path_unless_by_force(lab: Laboratory, outage: Outage) -> None:
    user.await_event(lab, "idc", "failover")
    user.ask(lab, "resume", "rehearsal")
    user.await_event(lab, "rehearsal", "failover")
    by_hand = len(user.history(lab, "rehearsal", "manual"))
    refused = user.ask(lab, "failover", "rehearsal", to="dx")
    assert (refused["ok"], refused["error"]["field"]) == (False, "to")
    assert "UNHEALTHY" in refused["error"]["message"]
    assert user.reference(lab, "rehearsal") == lab.world.attachments["vpn"]
    assert user.ask(lab, "failover", "rehearsal", to="dx", force=True, **{"for": "10m"})["ok"]
    user.await_event(lab, "rehearsal", "manual", count=by_hand + 1)
    assert user.reference(lab, "rehearsal") is None
    assert user.ask(lab, "unpin", "rehearsal")["ok"]
    user.await_event(lab, "rehearsal", "failover", count=2)
    assert user.reference(lab, "rehearsal") == lab.world.attachments["vpn"]


def test_a_table_that_ec2_throttles_raises_an_alarm_and_makes_no_history(lab: Laboratory, outage: Outage) -> None:
    user.await_event(lab, "idc", "failover")
    wait_for(lambda: user.metric(lab, "SteeringFailures", group="refused"), 60, "SteeringFailures of refused")
    user.await_alarm(lab, "steering-failure")
    assert user.default_route(lab, lab.world.spare_route_tables[0]) == "nat-a"
    assert user.history(lab, "refused") == [], "what was not done is not history"


def _blackout_seconds(traffic: Measurement, outage: Outage) -> float:
    """How long packets went unanswered, once they are answered again."""

    def look() -> float:
        blackout = user.blackout_of(traffic.packets, outage.struck_at)
        return blackout.seconds if blackout.over else 0.0

    return wait_for(look, 10, "packets answered again")

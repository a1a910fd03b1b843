"""During the outage EC2 refuses a standby, and a static route outranks another: it is told where traffic is."""

from __future__ import annotations

from typing import Any

import pytest

from lab.cloud.user_view import wait_for
from lab.laboratory import Laboratory
from lab.world import SPARE_CIDR
from tests.e2e import user
from tests.e2e.stage import Outage

pytestmark = [pytest.mark.network, pytest.mark.e2e, pytest.mark.timeout(240)]

EC2_SAYS = "does not exist"
WITHOUT_A_PASS_SECONDS = 30.0
"""Less than a minute's pass would take to come, and more than a busy machine needs."""


@pytest.fixture
def barred(lab: Laboratory, outage: Outage) -> user.Event:
    """The group whose standby EC2 refuses has left its first path; the newest line of its history."""
    return user.await_event(lab, "barred", "failover", count=2)


def test_where_ec2_refuses_the_standby_traffic_is_on_the_third_path_at_once(
    lab: Laboratory, barred: user.Event
) -> None:
    refused, moved = user.history(lab, "barred")
    assert (refused["from"], refused["to"]) == ("first", "second")
    [change] = refused["changes"]
    assert EC2_SAYS in change["error"]
    assert (moved["from"], moved["to"], moved["traffic"]) == ("first", "third", {"paths": ["third"], "astray": 0})
    assert user.moment(moved["applied_at"]) - user.moment(refused["at"]) < WITHOUT_A_PASS_SECONDS
    assert user.reference(lab, "spare") == lab.world.attachments["vpn"]


def test_status_and_messages_have_ec2s_words_and_say_where_traffic_is(lab: Laboratory, barred: user.Event) -> None:
    seen = user.status(lab, "barred")
    assert seen["traffic"] == {"paths": ["third"], "astray": 0}, "whichever path is just being tried"
    assert EC2_SAYS in seen["paths"]["second"]["bar"]["says"]
    assert seen["paths"]["third"]["bar"] is None
    assert wait_for(lambda: user.metric(lab, "BarredPaths", group="barred"), 20, "metric BarredPaths")
    refused = user.history(lab, "barred")[0]
    [message] = wait_for(lambda: user.told_of(lab, refused), 20, "message")
    assert EC2_SAYS in message.text


def test_once_ec2_takes_it_again_and_a_person_acknowledges_traffic_returns_to_it(
    lab: Laboratory, barred: user.Event
) -> None:
    _return_to_the_standby(lab)
    assert user.reference(lab, "spare") == lab.world.attachments["spare"]
    seen = user.status(lab, "barred")
    assert (seen["path"], seen["traffic"]["paths"], seen["paths"]["second"]["bar"]) == ("second", ["second"], None)


def test_a_failover_that_a_static_route_outranks_is_told_and_not_called_done_before_that_route_is_gone(
    lab: Laboratory, barred: user.Event
) -> None:
    _return_to_the_standby(lab)
    ec2, which = lab.aws.client("ec2"), _static_route(lab)
    ec2.create_transit_gateway_route(**which, TransitGatewayAttachmentId=lab.world.attachments["dx"])
    assert user.ask(lab, "failover", "barred", to="third", **{"for": "10m"})["ok"]
    moved = user.await_event(lab, "barred", "manual")
    [change] = moved["changes"]
    assert change["code"] == "Outranked"
    assert f"the static route {SPARE_CIDR} to {lab.world.attachments['dx']} outranks" in change["error"]
    assert user.status(lab, "barred")["traffic"] == {"paths": [], "astray": 1}
    assert wait_for(lambda: user.metric(lab, "SteeringFailures", group="barred"), 20, "SteeringFailures of barred")

    ec2.delete_transit_gateway_route(**which)
    user.run_router(lab)
    completed = user.await_event(lab, "barred", "completion")
    assert [change["error"] for change in completed["changes"]] == [None]
    assert user.status(lab, "barred")["traffic"] == {"paths": ["third"], "astray": 0}
    assert user.ask(lab, "unpin", "barred")["ok"]


def _return_to_the_standby(lab: Laboratory) -> None:
    """EC2 takes the attachment again, and somebody acknowledges, unless that has been done."""
    lab.aws.ec2_controls.put_attachment_into(lab.world.attachments["spare"], "available")
    if user.history(lab, "barred", "failback"):
        return
    assert lab.ask(action="acknowledge", by="mia", reason="a story is told")["ok"]
    user.await_failback(lab, "barred", timeout_seconds=60)


def _static_route(lab: Laboratory) -> dict[str, Any]:
    table = lab.world.transit_gateway_route_table
    return {"TransitGatewayRouteTableId": table, "DestinationCidrBlock": SPARE_CIDR}

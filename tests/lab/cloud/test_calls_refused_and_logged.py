from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.cloud.ec2.emulation import emulated_ec2
from lab.cloud.ec2.permissions import Permissions, Verdict, resources
from lab.cloud.ec2.refusals import DENIED, THROTTLED, Refusal
from lab.cloud.ec2.throttling import Bucket, Throttling
from tests.lab.cloud.conftest import Emulation, refusal


class Deny(Permissions):
    """Permissions that refuse one action."""

    def check(self, access_key: str, action: str, parameters: Any) -> Verdict:
        return Verdict(action != "CreateVpc", "arn:aws:sts::1:assumed-role/r/f", "ImplicitDeny")


@pytest.mark.parametrize(("code", "status"), [(THROTTLED, 503), (DENIED, 403), ("InternalError", 400)])
def test_a_refusal_fails_as_many_calls_as_it_says(emulation: Emulation, code: str, status: int) -> None:
    emulation.lab.refusals.add(Refusal("DescribeVpcs", code, count=2))
    for _ in range(2):
        with pytest.raises(ClientError) as error:
            emulation.ec2.describe_vpcs()
        assert refusal(error) == code
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert emulation.ec2.describe_vpcs()["Vpcs"]


def test_a_refusal_concerns_its_own_action_only(emulation: Emulation) -> None:
    emulation.lab.refusals.add(Refusal("DescribeSubnets"))
    assert emulation.ec2.describe_vpcs()["Vpcs"]


def test_a_refusal_may_concern_one_resource(emulation: Emulation) -> None:
    wanted, other = (emulation.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for _ in range(2))
    emulation.lab.refusals.add(Refusal("DescribeVpcs", matching=wanted))
    assert emulation.ec2.describe_vpcs(VpcIds=[other])["Vpcs"]
    with pytest.raises(ClientError):
        emulation.ec2.describe_vpcs(VpcIds=[wanted])


def test_a_refusal_without_a_code_only_delays(emulation: Emulation, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    emulation.lab.refusals.add(Refusal("DescribeVpcs", code="", delay_seconds=30))
    assert emulation.ec2.describe_vpcs()["Vpcs"]
    assert slept == [30]


def test_lifted_refusals_refuse_nothing(emulation: Emulation) -> None:
    emulation.lab.refusals.add(Refusal("DescribeVpcs", count=100))
    emulation.lab.refusals.clear()
    assert emulation.ec2.describe_vpcs()["Vpcs"]


@pytest.mark.parametrize("nonsense", [Refusal("X", count=0), Refusal("X", code=""), Refusal("X", delay_seconds=-1)])
def test_a_refusal_that_could_never_do_anything_is_a_mistake(emulation: Emulation, nonsense: Refusal) -> None:
    with pytest.raises(ValueError, match="a refusal needs"):
        emulation.lab.refusals.add(nonsense)


def test_calls_are_logged_with_what_they_asked_and_how_they_ended(emulation: Emulation) -> None:
    emulation.ec2.create_vpc(CidrBlock="10.7.0.0/16")
    emulation.lab.refusals.add(Refusal("DescribeVpcs", DENIED))
    with pytest.raises(ClientError):
        emulation.ec2.describe_vpcs()

    first, second = emulation.lab.calls.since()
    assert (first.action, first.parameters, first.error) == ("CreateVpc", {"CidrBlock": "10.7.0.0/16"}, "")
    assert (second.action, second.error) == ("DescribeVpcs", DENIED)
    assert emulation.lab.calls.since(first.number) == (second,)
    assert emulation.lab.calls.since(action="CreateVpc") == (first,)


def test_reading_changes_nothing_and_a_refused_change_neither(emulation: Emulation) -> None:
    emulation.lab.refusals.add(Refusal("CreateVpc"))
    emulation.ec2.describe_vpcs()
    with pytest.raises(ClientError):
        emulation.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert emulation.lab.changes.version == 0


def test_who_lacks_a_permission_is_denied_as_ec2_does(emulation: Emulation) -> None:
    emulation.lab.permissions = Deny("http://127.0.0.1:1", "eu-central-1", "1", lambda _: {})
    with pytest.raises(ClientError) as error:
        emulation.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert refusal(error) == DENIED
    assert emulation.lab.calls.since()[0].principal == "arn:aws:sts::1:assumed-role/r/f"


def test_a_call_is_checked_on_every_resource_that_it_names() -> None:
    reference = {"TransitGatewayRouteTableId": "t", "PrefixListId": "p", "TransitGatewayAttachmentId": "a"}
    assert resources("CreateTransitGatewayPrefixListReference", reference) == [
        ("transit-gateway-route-table", "t"),
        ("prefix-list", "p"),
        ("transit-gateway-attachment", "a"),
    ]
    assert resources("StopInstances", {"InstanceIds": ["i", "j"]}) == [("instance", "i"), ("instance", "j")]
    assert resources("ReplaceRoute", {"RouteTableId": "r", "InstanceId": "i"}) == [("route-table", "r")]
    assert resources("DescribeInstances", {"InstanceIds": ["i"]}) == []


def test_moto_is_itself_again_afterwards() -> None:
    from moto.ec2.models.route_tables import Route  # noqa: PLC0415
    from moto.ec2.responses import EC2Response  # noqa: PLC0415

    before = dict(vars(EC2Response)), dict(vars(Route))
    with emulated_ec2():
        assert hasattr(EC2Response, "create_transit_gateway_prefix_list_reference")
    assert (dict(vars(EC2Response)), dict(vars(Route))) == before


def test_calls_without_a_token_are_throttled_each_by_its_own_bucket(emulation: Emulation) -> None:
    now = 0.0
    emulation.lab.throttling = Throttling(Bucket(2, 1), clock=lambda: now)
    for _ in range(2):
        emulation.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    with pytest.raises(ClientError) as error:
        emulation.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert refusal(error) == THROTTLED
    vpc = emulation.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    emulation.ec2.create_subnet(VpcId=vpc, CidrBlock="172.31.240.0/24")  # has a bucket of its own
    now = 1.0
    emulation.ec2.create_vpc(CidrBlock="10.0.0.0/16")


def test_a_bucket_says_what_it_makes_necessary() -> None:
    assert Bucket(50, 5).seconds_for(50) == 0
    assert Bucket(50, 5).seconds_for(200) == 30

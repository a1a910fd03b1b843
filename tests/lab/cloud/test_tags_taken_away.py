"""A role that may change only what is tagged, and a tag that is taken away and given back. Both take effect at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.cloud.ec2.permissions import Permissions, Verdict
from lab.cloud.ec2.refusals import DENIED
from lab.world import REGION
from tests.lab.cloud.conftest import ANYWHERE, Emulation, Gateway, Site, refusal

TAG = {"Key": "routekeeper", "Value": "office"}
ROLE = "arn:aws:sts::1:assumed-role/router/f"


class TaggedOnly(Permissions):
    """A policy like the router's, in the place of MiniStack's."""

    def _ask(self, question: str) -> Verdict:
        asked = json.loads(question)
        tagged = asked["context"].get("aws:ResourceTag/routekeeper") == TAG["Value"]
        return Verdict(asked["resource"] == "*" or tagged, ROLE, "ImplicitDeny")


@pytest.fixture
def role(emulation: Emulation) -> Any:
    """EC2 as a role's session calls it."""

    def tags(resource: str) -> Mapping[str, str]:
        return dict(emulation.backend.tags.get(resource, {}))

    emulation.lab.permissions = TaggedOnly("http://127.0.0.1:1", REGION, "1", tags)
    once = Config(retries={"max_attempts": 0})
    return boto3.client(
        "ec2", REGION, aws_access_key_id="ASIATESTTESTTESTTEST", aws_secret_access_key="test", config=once
    )


def test_a_route_table_is_changed_while_it_has_its_tag(emulation: Emulation, role: Any, site: Site) -> None:
    def replace() -> None:
        role.replace_route(RouteTableId=site.table, DestinationCidrBlock=ANYWHERE, InstanceId=site.second)

    emulation.ec2.create_tags(Resources=[site.table], Tags=[TAG])
    replace()
    emulation.ec2.delete_tags(Resources=[site.table], Tags=[TAG])
    with pytest.raises(ClientError) as error:
        replace()
    assert refusal(error) == DENIED
    assert ROLE in str(error.value)
    emulation.ec2.create_tags(Resources=[site.table], Tags=[TAG])
    replace()


@pytest.mark.parametrize("untagged", ["table", "far", "prefix_list"])
def test_a_reference_is_changed_while_all_that_it_names_has_its_tag(
    emulation: Emulation, role: Any, gateway: Gateway, untagged: str
) -> None:
    def modify() -> None:
        role.modify_transit_gateway_prefix_list_reference(**which, TransitGatewayAttachmentId=gateway.far)
        emulation.wait(2)

    which = {"TransitGatewayRouteTableId": gateway.table, "PrefixListId": gateway.prefix_list}
    emulation.ec2.create_transit_gateway_prefix_list_reference(**which, TransitGatewayAttachmentId=gateway.near)
    emulation.wait(2)
    emulation.ec2.create_tags(Resources=[gateway.table, gateway.far, gateway.prefix_list], Tags=[TAG])
    modify()
    emulation.ec2.delete_tags(Resources=[getattr(gateway, untagged)], Tags=[TAG])
    with pytest.raises(ClientError) as error:
        modify()
    assert refusal(error) == DENIED
    emulation.ec2.create_tags(Resources=[getattr(gateway, untagged)], Tags=[TAG])
    modify()


def test_what_outranks_a_reference_is_read_where_table_and_prefix_list_have_the_tag(
    emulation: Emulation, role: Any, gateway: Gateway
) -> None:
    searched = {"TransitGatewayRouteTableId": gateway.table, "Filters": [{"Name": "type", "Values": ["static"]}]}
    with pytest.raises(ClientError) as of_routes:
        role.search_transit_gateway_routes(**searched)
    with pytest.raises(ClientError) as of_entries:
        role.get_managed_prefix_list_entries(PrefixListId=gateway.prefix_list)
    assert refusal(of_routes) == refusal(of_entries) == DENIED
    emulation.ec2.create_tags(Resources=[gateway.table, gateway.prefix_list], Tags=[TAG])
    assert role.search_transit_gateway_routes(**searched)["Routes"] == []
    assert role.get_managed_prefix_list_entries(PrefixListId=gateway.prefix_list)["Entries"]

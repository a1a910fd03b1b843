from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from werkzeug.test import Client

from lab.cloud.ec2.lab_api import LabApi
from lab.world import REGION
from tests.lab.cloud.conftest import Emulation, Gateway


def moto(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"moto answers"]


@pytest.fixture
def api(emulation: Emulation) -> Client:
    return Client(LabApi(emulation.lab, REGION, moto))


def test_everything_else_is_motos(api: Client) -> None:
    assert api.get("/").text == "moto answers"


def test_changes_are_told_since_a_version(api: Client, emulation: Emulation) -> None:
    emulation.lab.changes.record("one")
    emulation.lab.changes.record("two")
    assert api.get("/lab/changes?since=1").json == {"version": 2, "changes": [{"version": 2, "what": "two"}]}


def test_settings_are_changed_one_by_one(api: Client, emulation: Emulation) -> None:
    before = emulation.lab.settings
    wanted = {"stop_seconds": 1.5, "hanging_stops": ["i-1"], "routes_per_table": 3}
    answer = api.patch("/lab/settings", json=wanted)
    assert answer.json == json.loads(json.dumps(dataclasses.asdict(before) | wanted))
    assert emulation.lab.settings.hanging_stops == ("i-1",)
    assert emulation.lab.settings.routes_per_table == 3


@pytest.mark.parametrize(
    ("body", "complaint"), [({"stop": 1}, "no such setting: stop"), ({"stop_seconds": -1}, "cannot be negative")]
)
def test_a_setting_that_makes_no_sense_is_refused(
    api: Client, emulation: Emulation, body: dict[str, Any], complaint: str
) -> None:
    before = emulation.lab.settings
    answer = api.patch("/lab/settings", json=body)
    assert answer.status_code == 400
    assert complaint in answer.text
    assert emulation.lab.settings is before


def test_an_attachment_is_put_into_a_state(api: Client, emulation: Emulation, gateway: Gateway) -> None:
    assert api.patch(f"/lab/attachments/{gateway.far}", json={"state": "rejected"}).json == {}
    answer = emulation.ec2.describe_transit_gateway_vpc_attachments(TransitGatewayAttachmentIds=[gateway.far])
    assert answer["TransitGatewayVpcAttachments"][0]["State"] == "rejected"


@pytest.mark.parametrize(("attachment", "state"), [("tgw-attach-0", "rejected"), ("", "molten")])
def test_a_state_that_there_is_not_or_an_attachment_that_there_is_not_is_refused(
    api: Client, gateway: Gateway, attachment: str, state: str
) -> None:
    answer = api.patch(f"/lab/attachments/{attachment or gateway.far}", json={"state": state})
    assert answer.status_code == 400


def test_refusals_are_put_in_force_and_lifted(api: Client, emulation: Emulation) -> None:
    api.post("/lab/refusals", json={"action": "CreateRoute", "code": "UnauthorizedOperation"})
    assert emulation.lab.refusals.take("CreateRoute", {}) is not None
    api.post("/lab/refusals", json={"action": "CreateRoute"})
    api.delete("/lab/refusals")
    assert emulation.lab.refusals.take("CreateRoute", {}) is None


def test_calls_can_be_read(api: Client, emulation: Emulation) -> None:
    emulation.ec2.describe_vpcs()
    answer = api.get("/lab/calls?action=DescribeVpcs").json
    assert answer is not None
    assert [call["action"] for call in answer["calls"]] == ["DescribeVpcs"]


def test_a_direct_connect_attachment_carries_the_routes_that_it_learns(
    api: Client, emulation: Emulation, gateway: Gateway
) -> None:
    ec2 = emulation.ec2
    transit_gateway = ec2.describe_transit_gateway_route_tables(TransitGatewayRouteTableIds=[gateway.table])
    answer = api.post(
        "/lab/attachments",
        json={
            "transit_gateway": transit_gateway["TransitGatewayRouteTables"][0]["TransitGatewayId"],
            "resource": "dx",
            "resource_type": "direct-connect-gateway",
        },
    ).json
    assert answer is not None
    attachment = answer["attachment"]
    ec2.enable_transit_gateway_route_table_propagation(
        TransitGatewayRouteTableId=gateway.table, TransitGatewayAttachmentId=attachment
    )

    def learnt() -> list[tuple[str, str]]:
        found = ec2.search_transit_gateway_routes(
            TransitGatewayRouteTableId=gateway.table,
            Filters=[{"Name": "attachment.resource-type", "Values": ["direct-connect-gateway"]}],
        )["Routes"]
        return [(route["DestinationCidrBlock"], route["Type"]) for route in found]

    api.put(f"/lab/advertisements/{attachment}", json={"cidrs": ["10.3.0.0/18", "10.3.1.0/24"]})
    assert learnt() == [("10.3.0.0/18", "propagated"), ("10.3.1.0/24", "propagated")]
    api.put(f"/lab/advertisements/{attachment}", json={"cidrs": []})
    assert learnt() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/lab/nothing", None),
        ("POST", "/lab/refusals", {"colour": "red"}),
        ("POST", "/lab/refusals", ["CreateRoute"]),
        ("PUT", "/lab/advertisements/tgw-attach-0", {"cidrs": []}),
        ("POST", "/lab/attachments", {"transit_gateway": "tgw-0", "resource": "x", "resource_type": "tunnel"}),
    ],
)
def test_what_makes_no_sense_is_answered_with_an_error(api: Client, method: str, path: str, body: Any) -> None:
    answer = api.open(path, method=method, json=body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]

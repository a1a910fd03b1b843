"""The running local AWS, with a small application deployed on it by the real `sam deploy`."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.cloud import user_view
from lab.cloud.deployment import Deployment, SamFailedError, build, deploy
from lab.cloud.ec2_controls import ControlError
from lab.cloud.embedded_metrics import metrics_bridge
from lab.cloud.local_aws import ACCOUNT, LocalAws, Options, local_aws
from lab.cloud.processes import ServerFailedError
from lab.cloud.seed import seed
from lab.world import ON_PREMISES_CIDR, PINNED_PROBE_CIDR, REGION, VPC_CIDR, VPN_VPC_CIDR, World

pytestmark = pytest.mark.local_aws

SMALL_APP = Path(__file__).parent / "small_app" / "template.yaml"


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that a test may use."""

    aws: LocalAws
    world: World
    app: Deployment
    inbox: user_view.Inbox

    def call(self, *calls: list[Any]) -> list[str]:
        answers: list[str] = user_view.invoke(self.aws, self.app.outputs["Caller"], {"calls": calls})
        return answers

    def put(self, *keys: str) -> None:
        table, dynamodb = self.app.outputs["Table"], self.aws.client("dynamodb")
        for key in keys:
            dynamodb.put_item(TableName=table, Item={"pk": {"S": key}})

    def batches(self) -> list[str]:
        return [line for line in user_view.logs(self.aws, self.app.outputs["Listener"]) if line.startswith("batch")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("lab")
    options = Options(ministack_port=0, moto_port=0, directory=directory)
    with local_aws(options) as aws, metrics_bridge(aws):
        world = seed(aws)
        app = deploy(aws, SMALL_APP, {}, stack="small-app")  # there is nothing to build
        yield Site(aws, world, app, user_view.open_inbox(aws, app.outputs["Topic"], "small-app"))


def test_the_seeded_transit_gateway_routes_as_the_world_says(site: Site) -> None:
    answer = site.aws.client("ec2").search_transit_gateway_routes(
        TransitGatewayRouteTableId=site.world.transit_gateway_route_table,
        Filters=[{"Name": "state", "Values": ["active"]}],
    )
    shown = {
        r["DestinationCidrBlock"]: (r["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"], r["Type"])
        for r in answer["Routes"]
    }
    attachments = site.world.attachments
    assert shown == {
        PINNED_PROBE_CIDR: (attachments["dx"], "static"),
        ON_PREMISES_CIDR: (attachments["dx"], "propagated"),
        VPC_CIDR: (attachments["vpc"], "propagated"),
        VPN_VPC_CIDR: (attachments["vpn"], "propagated"),
    }


def test_everything_that_may_be_changed_is_tagged(site: Site) -> None:
    world = site.world
    answer = site.aws.client("ec2").describe_tags(Filters=[{"Name": "key", "Values": ["routekeeper"]}])
    tagged = {tag["ResourceId"] for tag in answer["Tags"]}
    assert tagged == {
        *world.route_tables.values(),
        *world.spare_route_tables,
        *world.instances.values(),
        *world.prefix_lists.values(),
        *world.attachments.values(),
        world.transit_gateway_route_table,
    }


def test_a_function_may_do_what_its_role_says_and_nothing_else(site: Site) -> None:
    def put(key: str) -> list[Any]:
        return ["dynamodb", "put_item", {"TableName": "t", "Item": {"pk": {"S": key}}}]

    def event(source: str) -> list[Any]:
        return ["events", "put_events", {"Entries": [{"Source": source, "DetailType": "x", "Detail": "{}"}]}]

    denied = "AccessDeniedException"
    assert site.call(put("MINE"), put("YOURS"), event("small-app"), event("other")) == ["", denied, "", denied]
    assert site.call(["dynamodb", "scan", {"TableName": "t"}]) == [denied]
    user_view.wait_for(site.inbox.events, 5, "the event")
    assert {event["source"] for event in site.inbox.events()} == {"small-app"}


def test_aws_itself_speaks_on_the_event_bus_and_nobody_else_in_its_name(site: Site) -> None:
    entry = {"Source": "aws.ec2", "DetailType": "x", "Detail": "{}"}
    refused = site.aws.client("events").put_events(Entries=[entry])
    assert refused["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    inbox = user_view.open_inbox(site.aws, site.app.outputs["Topic"], "aws.ec2", "aws.health")
    site.aws.say("aws.health", "AWS Health Event", {"service": "EC2"})
    nat = site.world.instances["nat-b"]
    before = site.aws.ec2_controls.settings()
    site.aws.ec2_controls.set(stop_seconds=0.1, start_seconds=0.1)
    ec2 = site.aws.client("ec2")
    ec2.stop_instances(InstanceIds=[nat])
    user_view.wait_for(lambda: len(inbox.events()) == 3, 5, "the stop is told")
    ec2.start_instances(InstanceIds=[nat])
    user_view.wait_for(lambda: len(inbox.events()) == 5, 5, "the start is told")
    site.aws.ec2_controls.set(stop_seconds=before["stop_seconds"], start_seconds=before["start_seconds"])
    health, *states = inbox.events()
    assert (health["source"], health["detail"]) == ("aws.health", {"service": "EC2"})
    assert {(event["source"], event["detail-type"], *event["resources"]) for event in states} == {
        (
            "aws.ec2",
            "EC2 Instance State-change Notification",
            f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{nat}",
        )
    }
    told = [event["detail"] for event in states]
    assert told == [{"instance-id": nat, "state": s} for s in ("stopping", "stopped", "pending", "running")]


def test_a_function_changes_tagged_routes_only_and_is_known_by_name(site: Site) -> None:
    ec2 = site.aws.client("ec2")
    tagged = site.world.spare_route_tables[0]
    untagged = ec2.create_route_table(VpcId=site.world.vpc)["RouteTable"]["RouteTableId"]
    nat_b = site.world.instances["nat-b"]
    ec2.create_route(RouteTableId=untagged, DestinationCidrBlock="0.0.0.0/0", InstanceId=nat_b)

    def replace(table: str) -> list[Any]:
        return [
            "ec2",
            "replace_route",
            {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "InstanceId": nat_b},
        ]

    assert site.call(["ec2", "describe_route_tables", {}], replace(tagged), replace(untagged)) == [
        "",
        "",
        "UnauthorizedOperation",
    ]
    calls = site.aws.ec2_controls.calls(action="ReplaceRoute")
    assert [call["error"] for call in calls] == ["", "UnauthorizedOperation"]
    assert calls[0]["principal"].endswith("/" + site.app.outputs["Caller"])


def test_a_metric_reaches_its_own_alarm_while_the_function_still_runs(site: Site) -> None:
    caller = site.app.outputs["Caller"]
    user_view.invoke(site.aws, caller, {"beats": ["elsewhere"]})
    time.sleep(1.5)
    assert user_view.alarm_states(site.aws, "small-app-beats") == {"small-app-beats": "OK"}

    user_view.start(site.aws, caller, {"beats": ["here"], "sleep": 10})
    message = user_view.wait_for(site.inbox.messages, 8, "the alarm's message")[0]
    assert message.alarm is not None
    assert (message.alarm["AlarmName"], message.alarm["NewStateValue"]) == ("small-app-beats", "ALARM")


def test_a_poison_record_is_set_aside_and_everything_else_gets_through(site: Site) -> None:
    sqs, queue = site.aws.client("sqs"), site.app.outputs["DeadLetters"]
    seen: list[Any] = []

    def dead_letters() -> bool:
        seen.extend(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []))
        return len(seen) == 2

    site.put("MINE good 1", "MINE poison", "MINE good 2", "MINE fail", "OTHER", "MINE good 3")
    user_view.wait_for(dead_letters, 45, "two dead letters")
    user_view.wait_for(lambda: "batch MINE good 3" in site.batches(), 10, "the last record")

    assert not any("OTHER" in batch for batch in site.batches())
    assert site.batches().count("batch MINE poison") == 2
    states = user_view.alarm_states(site.aws, "small-app-listener")
    assert states == {"small-app-listener-errors": "ALARM"}


def test_a_slow_reader_of_a_stream_does_not_hold_up_another(site: Site) -> None:
    site.put("MINE first")
    time.sleep(1)  # the slow reader is at it for three seconds now
    site.put("MINE second")
    started = time.monotonic()
    user_view.wait_for(lambda: "batch MINE second" in site.batches(), 10, "the second record")
    assert time.monotonic() - started < 1.9


def test_an_event_whose_function_fails_goes_to_the_failure_destination(site: Site) -> None:
    entry = {"Source": "small-app-failure", "DetailType": "x", "Detail": "{}"}
    site.aws.client("events").put_events(Entries=[entry])
    sqs, queue = site.aws.client("sqs"), site.app.outputs["LostEvents"]
    (lost,) = user_view.wait_for(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), 10, "the lost event")
    assert json.loads(lost["Body"])["responsePayload"]["errorMessage"] == "told to fail"


def test_an_error_of_a_function_is_an_error_of_its_caller(site: Site) -> None:
    with pytest.raises(user_view.InvocationFailedError, match="told to fail"):
        user_view.invoke(site.aws, site.app.outputs["Caller"], {"fail": True})


def test_controls_work_from_another_process(site: Site) -> None:
    controls = site.aws.ec2_controls
    version, _ = controls.changes()
    learnt: list[float] = []

    def wait() -> None:
        controls.changes(version, timeout_seconds=30)
        learnt.append(time.monotonic())

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.1)
    changed = time.monotonic()
    controls.advertise(site.world.attachments["dx"], ON_PREMISES_CIDR)
    waiting.join(10)
    assert learnt[0] - changed < 0.5

    controls.refuse("DescribeVpcs", "UnauthorizedOperation")
    controls.lift_refusals()
    assert controls.set(stop_seconds=2)["stop_seconds"] == 2
    assert controls.settings()["stop_seconds"] == 2
    with pytest.raises(ControlError, match="no such setting"):
        controls.set(stop=2)


def test_a_second_local_aws_on_the_same_port_says_that_it_is_taken(site: Site, tmp_path: Path) -> None:
    port = int(site.aws.ec2_endpoint.rpartition(":")[2])
    taken = pytest.raises(ServerFailedError, match="cannot listen")
    with taken, local_aws(Options(ministack_port=0, moto_port=port, directory=tmp_path)):
        pass


def test_a_failing_build_shows_what_sam_printed(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {F: {Type: AWS::Serverless::Function}}")
    with pytest.raises(SamFailedError, match="sam build ended with"):
        build(tmp_path / "x", template=template, directory=tmp_path)

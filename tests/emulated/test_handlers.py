"""The handlers as Lambda calls them: built from the environment, on moto, with the events that the triggers send."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from routekeeper import cli
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.vantage import Vantage
from routekeeper.store.dynamodb import DynamoDbStore
from tests.fakes.lambda_context import Context

PROJECT = Path(__file__).parents[2]
REGION = "eu-central-1"
TABLE = "routekeeper"
CONFIGURATION = """\
version: 1
targets:
  nat-a:
    instance: {a}
    probes: [{{type: tcp, host: 127.0.0.1, port: 9}}]
    restart: {{after: 30s, group: nat}}
  nat-b:
    instance: {b}
    probes: [{{type: tcp, host: 127.0.0.1, port: 9}}]
    restart: {{after: 30s, group: nat}}
groups:
  private-a:
    steering: {{type: vpc-route, route_tables: [{table}], destination: 0.0.0.0/0}}
    paths:
      - {{name: nat-a, target: nat-a, instance: {a}}}
      - {{name: nat-b, target: nat-b, instance: {b}}}
"""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The resources that the handlers work on."""

    route_table: str
    instances: dict[str, str]
    store: DynamoDbStore

    def see(self, **health: Health) -> None:
        """What vantage a has held for two minutes, by target (`nat_a` for nat-a)."""
        now = time.time()
        for target, seen in health.items():
            state = TargetHealth(seen, now - 120, seen.value, first_loss_at=now - 122)
            self.store.save_health("a", 1, target.replace("_", "-"), state)
        self.store.save_vantage(Vantage("a", 1, now))


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Deployed]:
    settings = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "ROUTEKEEPER_TABLE": TABLE,
        "ROUTEKEEPER_DEPLOYMENT": "test",
        "ROUTEKEEPER_VANTAGE": "a",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        monkeypatch.setenv("ROUTEKEEPER_TOPIC_ARN", boto3.client("sns").create_topic(Name="t")["TopicArn"])
        instances, table = _network()
        _package(tmp_path, CONFIGURATION.format(**instances, table=table))
        monkeypatch.syspath_prepend(str(tmp_path))
        sys.modules.pop("routekeeper_config", None)
        yield Deployed(table, instances, DynamoDbStore(_table(), TABLE))
    sys.modules.pop("routekeeper_config", None)


def _network() -> tuple[dict[str, str], str]:
    ec2 = boto3.client("ec2")
    started = ec2.run_instances(ImageId="ami-12c6146b", MinCount=2, MaxCount=2)["Instances"]
    instances = dict(zip("ab", (one["InstanceId"] for one in started), strict=True))
    table = ec2.create_route_table(VpcId=started[0]["VpcId"])["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", InstanceId=instances["a"])
    return instances, table


def _package(directory: Path, configuration: str) -> None:
    source, package = directory / "failover.yaml", directory / "routekeeper_config"
    source.write_text(configuration)
    package.mkdir()
    (package / "__init__.py").touch()
    assert cli.main(["compile", str(source), "-o", str(package / "failover.json")]) == 0


def _table() -> Any:
    client = boto3.client("dynamodb")
    keys = {"pk": "HASH", "sk": "RANGE"}
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],  # type: ignore[typeddict-item]
    )
    return client


def load(function: str) -> ModuleType:
    """The handler's module, imported anew as in a fresh container."""
    specification = importlib.util.spec_from_file_location(
        f"app_{function}", PROJECT / "functions" / function / "app.py"
    )
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def event(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PROJECT / "events" / f"{name}.json").read_text())
    return document


def handle(function: str, name: str) -> Any:
    """What Lambda hands back: the answer as JSON, and an error where it has no JSON form."""
    return json.loads(json.dumps(load(function).handler(event(name), Context())))


def test_the_router_moves_the_route_on_a_stream_record(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.UNHEALTHY, nat_b=Health.HEALTHY)
    answer = handle("router", "stream-health")
    assert answer["batchItemFailures"] == []
    assert answer["groups"] == [{"group": "private-a", "outcome": "failover: nat-a to nat-b", "error": None}]
    [table] = boto3.client("ec2").describe_route_tables(RouteTableIds=[deployed.route_table])["RouteTables"]
    assert deployed.instances["b"] in [route.get("InstanceId") for route in table["Routes"]]


def test_the_restarter_stops_what_has_been_left_and_says_so_in_plain_json(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.UNHEALTHY, nat_b=Health.HEALTHY)
    handle("router", "tick")
    answer = handle("restarter", "tick")
    [group] = answer["groups"]
    assert group["group"] == "nat"
    assert group["under_way"] is True
    assert [line["outcome"] for line in group["events"]] == ["restart begun"]
    state = boto3.client("ec2").describe_instances(InstanceIds=[deployed.instances["a"]])
    assert state["Reservations"][0]["Instances"][0]["State"]["Name"] in ("stopping", "stopped")


def test_a_poison_record_is_handed_back_and_the_pass_is_made_all_the_same(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.UNHEALTHY, nat_b=Health.HEALTHY)
    answer = handle("router", "stream-poison")
    poison = event("stream-poison")["Records"]
    assert answer["batchItemFailures"][0]["itemIdentifier"] in [r["dynamodb"]["SequenceNumber"] for r in poison]
    assert answer["groups"][0]["outcome"] == "failover: nat-a to nat-b"


def test_the_operator_answers_a_status(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.HEALTHY)
    answer = handle("operator", "operator-status")
    assert answer["ok"] is True or answer["error"]["field"] == "group"


def test_the_monitor_watches_and_lets_go_before_its_deadline(deployed: Deployed) -> None:
    answer = json.loads(json.dumps(load("monitor").handler(event("tick"), Context(remaining_seconds=7))))
    assert answer == {"vantage": "a", "ended": "no successor came before the deadline"}
    assert deployed.store.load_board().vantages["a"].targets["nat-a"].health is not Health.UNHEALTHY

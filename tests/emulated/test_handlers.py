"""The handlers as Lambda calls them: built from the environment, on moto, with the events that the triggers send."""

from __future__ import annotations

import functools
import importlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from routekeeper import VERSION
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.vantage import Vantage
from routekeeper.store.dynamodb import DynamoDbStore
from routekeeper_cli import main as cli
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


@functools.cache
def client(service: str) -> Any:
    """One for all tests: the start of a client takes longer than what is asked of it."""
    return boto3.client(service)  # type: ignore[call-overload]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Deployed]:
    settings = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "ROUTEKEEPER_TABLE": TABLE,
        "ROUTEKEEPER_DEPLOYMENT": "test",
        "ROUTEKEEPER_VANTAGE": "a",
        "ROUTEKEEPER_VANTAGES": "a",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        monkeypatch.setenv("ROUTEKEEPER_TOPIC_ARN", client("sns").create_topic(Name="t")["TopicArn"])
        instances, table = _network()
        _package(tmp_path, CONFIGURATION.format(**instances, table=table))
        monkeypatch.syspath_prepend(str(tmp_path))
        sys.modules.pop("routekeeper_config", None)
        yield Deployed(table, instances, DynamoDbStore(_table(), TABLE, clock=time.time))
    sys.modules.pop("routekeeper_config", None)


def _network() -> tuple[dict[str, str], str]:
    ec2 = client("ec2")
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
    dynamodb = client("dynamodb")
    keys = {"pk": "HASH", "sk": "RANGE"}
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
    )
    return dynamodb


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
    return {**document, "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"} if name == "tick" else document


def handle(function: str, name: str) -> Any:
    """What Lambda hands back: the answer as JSON, and an error where it has no JSON form."""
    return json.loads(json.dumps(load(function).handler(event(name), Context())))


def test_the_router_moves_the_route_on_a_stream_record(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.UNHEALTHY, nat_b=Health.HEALTHY)
    answer = handle("router", "stream-health")
    assert answer["batchItemFailures"] == []
    assert answer["groups"] == [{"group": "private-a", "outcome": "failover: nat-a to nat-b", "error": None}]
    [table] = client("ec2").describe_route_tables(RouteTableIds=[deployed.route_table])["RouteTables"]
    assert deployed.instances["b"] in [route.get("InstanceId") for route in table["Routes"]]


def test_a_tick_that_lambda_tries_again_once_the_next_one_is_there_is_let_go(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.UNHEALTHY, nat_b=Health.HEALTHY)
    stale = {**event("tick"), "time": f"{datetime.now(UTC) - timedelta(seconds=90):%Y-%m-%dT%H:%M:%SZ}"}
    assert load("router").handler(stale, Context()) == {"groups": []}
    assert handle("router", "tick")["groups"] != []


def test_the_restarter_stops_what_has_been_left_and_says_so_in_plain_json(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.UNHEALTHY, nat_b=Health.HEALTHY)
    handle("router", "tick")
    answer = handle("restarter", "tick")
    [group] = answer["groups"]
    assert group["group"] == "nat"
    assert group["under_way"] is True
    assert [line["outcome"] for line in group["events"]] == ["begun"]
    state = client("ec2").describe_instances(InstanceIds=[deployed.instances["a"]])
    assert state["Reservations"][0]["Instances"][0]["State"]["Name"] in ("stopping", "stopped")


def test_a_poison_record_is_handed_back_and_the_pass_is_made_all_the_same(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.UNHEALTHY, nat_b=Health.HEALTHY)
    answer = handle("router", "stream-poison")
    poison = event("stream-poison")["Records"]
    assert answer["batchItemFailures"][0]["itemIdentifier"] in [r["dynamodb"]["SequenceNumber"] for r in poison]
    assert answer["groups"][0]["outcome"] == "failover: nat-a to nat-b"


def notice(name: str, instance: str, seconds: float = 0.0, **detail: str) -> dict[str, Any]:
    """An example of AWS's, about an instance of ours and some seconds from now."""
    document = (PROJECT / "events" / f"{name}.json").read_text().replace("i-0aaaaaaaaaaaaaaaa", instance)
    told: dict[str, Any] = json.loads(document)
    moment = datetime.fromtimestamp(time.time() + seconds, UTC)
    told["time"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    if "startTime" in told["detail"]:
        window = {"startTime": moment, "endTime": moment + timedelta(hours=1)}
        detail |= {end: f"{at:%a, %d %b %Y %H:%M:%S GMT}" for end, at in window.items()}
    return {**told, "detail": {**told["detail"], **detail}}


@pytest.mark.parametrize(
    "name", ["signal-state", "signal-spot", "signal-autoscaling", "signal-maintenance", "signal-maintenance-open-end"]
)
def test_the_router_leaves_an_instance_that_aws_says_will_go(deployed: Deployed, name: str) -> None:
    deployed.see(nat_a=Health.HEALTHY, nat_b=Health.HEALTHY)
    answer = load("router").handler(notice(name, deployed.instances["a"]), Context())
    assert answer == {"groups": [{"group": "private-a", "outcome": "failover: nat-a to nat-b", "error": None}]}
    [moved] = deployed.store.transitions("private-a", 5)
    [signal] = deployed.store.load_signals()
    assert signal.words in moved.reason


def test_the_router_waits_for_maintenance_that_is_days_ahead(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.HEALTHY, nat_b=Health.HEALTHY)
    load("router").handler(notice("signal-maintenance", deployed.instances["a"], seconds=86_400), Context())
    assert deployed.store.load_group("private-a").path == "nat-a"


@pytest.mark.parametrize(
    ("instance", "state"), [("i-0fffffffffffffff0", "stopping"), ("i-0aaaaaaaaaaaaaaaa", "melting")]
)
def test_the_router_makes_no_pass_for_others_instances_nor_for_nonsense(
    deployed: Deployed, instance: str, state: str
) -> None:
    answer = load("router").handler(notice("signal-state", instance, state=state), Context())
    assert answer == {"groups": []}
    assert deployed.store.load_group("private-a").version == 0


def test_the_restarter_does_not_touch_an_instance_because_aws_speaks_of_it(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.HEALTHY, nat_b=Health.HEALTHY)
    load("router").handler(notice("signal-spot", deployed.instances["a"]), Context())
    [group] = handle("restarter", "tick")["groups"]
    assert group["events"] == []
    assert deployed.store.load_group("private-a").path == "nat-b"


def test_a_tick_leaves_a_sign_of_the_pass_it_stands_for_and_a_record_does_not(deployed: Deployed) -> None:
    handle("router", "stream-health")
    assert "router" not in handle_status()["functions"]
    handle("router", "tick")
    told = handle_status()["functions"]["router"]
    assert (told["version"], len(told["configuration"])) == (VERSION, 12)
    assert 0 <= told["age_seconds"] < 60


def handle_status() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(json.dumps(load("operator").handler({"action": "status"}, Context())))
    return answer


def test_the_operator_answers_a_status(deployed: Deployed) -> None:
    deployed.see(nat_a=Health.HEALTHY)
    answer = handle("operator", "operator-status")
    assert answer["ok"] is True or answer["error"]["field"] == "group"


@pytest.mark.parametrize("function", ["router", "restarter"])
def test_a_direct_invocation_with_an_odd_payload_is_answered_in_words(deployed: Deployed, function: str) -> None:
    del deployed
    handler = load(function).handler
    payloads: tuple[Any, ...] = (None, [], 7, "go", {"Records": None}, {"Records": [None]})
    for odd in payloads:
        answer = json.loads(json.dumps(handler(odd, Context())))
        assert list(answer) == ["error"], odd
    assert [group["error"] for group in handler({}, Context())["groups"]] == [None]


def test_the_monitor_watches_and_lets_go_before_its_deadline(deployed: Deployed) -> None:
    answer = json.loads(json.dumps(load("monitor").handler(event("tick"), Context(remaining_seconds=7))))
    assert answer == {"vantage": "a", "ended": "no successor came before the deadline"}
    assert deployed.store.load_board().vantages["a"].targets["nat-a"].health is not Health.UNHEALTHY

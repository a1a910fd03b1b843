"""Names and figures on the pages are those of the template, of the code and of a measured run."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.simulator.laws.index import index
from routekeeper.announcing.aws import AwsAnnouncer
from routekeeper.domain.brake import Counted, Engagement
from routekeeper.domain.group_state import Channel, Transition, TransitionKind
from routekeeper.domain.restart import Action, RestartOutcome
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.telemetry.measurements import Metric
from tests.docs.pages import ROOT, named, prose, rows, section
from tests.template.rendering import of_type, render, template

README = ROOT / "README.md"
RUNBOOK = ROOT / "docs" / "runbook.md"
OPERATOR = ROOT / "docs" / "operator.md"
DEPLOYING = ROOT / "docs" / "deploying.md"
COSTS = ROOT / "docs" / "costs.md"
FUNCTIONS = ("monitor-a", "monitor-b", "monitor-c", "router", "restarter", "operator")
OF_LAMBDA = {"Errors", "Invocations"}


@pytest.fixture(scope="module")
def alarms() -> dict[str, dict[str, Any]]:
    """Every alarm by what follows the stack's name."""
    rendered = of_type(render(VantageSubnetB="subnet-b", VantageSubnetC="subnet-c"), "AWS::CloudWatch::Alarm")
    return {alarm["AlarmName"].removeprefix("stack-"): alarm for alarm in rendered.values()}


def alarms_named(text: str) -> set[str]:
    """`<stack>-transition` and its like; `<function>` stands for every function, and `-b` for another vantage."""
    found = set(re.findall(r"`<stack>-([\w<>-]+)`", text))
    found |= {f"heartbeat{vantage}" for vantage in re.findall(r"`(-[bc])`", text)}
    return {name.replace("<function>", function) for name in found for function in FUNCTIONS}


def test_the_runbook_names_every_alarm_and_no_other(alarms: dict[str, Any]) -> None:
    assert alarms_named(RUNBOOK.read_text()) == set(alarms)


def test_each_alarm_is_named_with_its_metric_in_the_section_that_it_points_to(alarms: dict[str, Any]) -> None:
    for name, alarm in alarms.items():
        text = section(RUNBOOK, alarm["AlarmDescription"].partition("#")[2])
        assert name in alarms_named(text), name
        assert alarm["Namespace"] == "AWS/SQS" or f"`{alarm['MetricName']}`" in text, name


def test_the_readmes_table_of_alarms_leads_to_every_section_of_the_runbook(alarms: dict[str, Any]) -> None:
    sections = {alarm["AlarmDescription"].partition("#")[2] for alarm in alarms.values()}
    table = section(README, "When an alarm comes")
    assert set(re.findall(r"docs/runbook\.md#([a-z-]+)", table)) == sections


def test_the_runbook_describes_every_metric_and_no_other(alarms: dict[str, Any]) -> None:
    listed = {row[0].strip("`") for row in rows(section(RUNBOOK, "Other metrics"))}
    watched = {alarm["MetricName"] for alarm in alarms.values()}
    assert listed <= {metric.value for metric in Metric}
    assert {metric.value for metric in Metric} <= listed | watched
    assert {name for name in OF_LAMBDA if f"`{name}`" in prose(RUNBOOK)} == OF_LAMBDA


def test_every_parameter_of_the_template_is_explained_with_its_default() -> None:
    explained = {}
    for names, default, _ in rows(section(DEPLOYING, "Build and deploy")):
        for name in re.findall(r"`(\w+)`", names):
            explained[name] = default.strip("`").replace("empty", "")
    declared = template()["Parameters"]
    assert explained == {name: str(one.get("Default", "required")) for name, one in declared.items()}


def test_the_costs_count_the_alarms_that_the_template_makes_for_two_vantages() -> None:
    alarms = of_type(render(VantageSubnetB="subnet-b"), "AWS::CloudWatch::Alarm")
    [line] = [line for line in COSTS.read_text().splitlines() if line.startswith("- **CloudWatch, alarms** with two")]
    assert sum(map(int, re.findall(r"\b\d+\b", line))) == len(alarms)


def test_the_readme_says_the_sums_of_the_bill_that_was_measured() -> None:
    bills = json.loads((ROOT / "docs" / "bench" / "cost.json").read_text())["bills"]
    said = " ".join(prose(README).split())
    for watch in ("continuous", "burst"):
        listed, reduced = (f"{bills[watch][key]:.2f}" for key in ("list", "with_allowance"))
        assert f"{listed} USD a month, {reduced} with" in said


def test_the_figures_in_the_readme_are_those_of_the_run_kept_beside_it() -> None:
    report = json.loads((ROOT / "docs" / "demo-report.json").read_text())
    shown = [row[1:] for row in rows(section(README, "See it work"))]
    assert shown == [
        [
            f"{story['blackout_seconds']:.2f} s",
            f"{story['detection_seconds']:.2f} s",
            f"{story['steering_seconds']:.2f} s",
            str(story["failback_lost_packets"]),
        ]
        for story in (report["dx"], report["nat"])
    ]


@dataclass(slots=True)
class Listener:
    """A topic and a bus that keep what they are told."""

    entries: list[dict[str, str]] = field(default_factory=list)

    def publish(self, **_: str) -> None:
        """People are told elsewhere."""

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, int]:  # noqa: N803  # boto3's name
        self.entries += Entries
        return {"FailedEntryCount": 0}


def test_the_operators_page_lists_what_events_hold() -> None:
    listener: Any = Listener()
    announcer = AwsAnnouncer(listener, listener, "topic", "stack")
    announcer.transition(Transition("g-1", "g", TransitionKind.FAILOVER, "a", "b", "a died", 1.0), Channel.EVENTS)
    announcer.restart(RestartEvent("r-1", "r", "a", "i-1", 1.0, RestartOutcome.BEGUN, "a died", Action.STOP))
    announcer.brake(Engagement(1.0, 1, 3600.0, (Counted("g-1", 1.0),)), Channel.EVENTS)
    listed = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2])) for row in rows(section(OPERATOR, "Messages and events"))
    }
    assert {entry["Source"] for entry in listener.entries} == {"routekeeper"}
    assert listed == {entry["DetailType"]: set(json.loads(entry["Detail"])) for entry in listener.entries}


def test_the_changelog_speaks_of_the_version_that_is_packaged() -> None:
    [version] = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    changelog = ROOT / "CHANGELOG.md"
    assert version in changelog.read_text(), f"{named(changelog)} does not know {version}"


def laws() -> dict[int, str]:
    """Each law of the architecture, with where it is tested."""
    listed = rows(section(ROOT / "docs" / "architecture.md", "The laws"))
    return {int(law.partition(".")[0]): tested for law, _, tested in listed}


def test_every_law_has_its_row_in_the_architecture() -> None:
    listed = list(laws())
    assert listed == list(range(1, len(listed) + 1))
    assert set(listed) >= {check.law for check in index()}


@pytest.mark.parametrize("law", laws())
def test_a_law_is_tested_by_number_in_every_file_that_its_row_names(law: int) -> None:
    for name in re.findall(r"`(tests/[\w/.]+)`", laws()[law]):
        path = ROOT / name
        files = [path] if path.is_file() else sorted(path.glob("test_*.py"))
        assert any(re.search(rf"law_{law}_|\blaw {law}\b", file.read_text(), re.IGNORECASE) for file in files), name

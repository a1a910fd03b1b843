"""The page on the configuration lists every key, and tells the default that counts where it is left out."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from routekeeper import config
from routekeeper.config import addresses, detection, limits
from routekeeper.config.durations import render
from routekeeper.domain.detection import Detection
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import BURST_INTERVAL_SECONDS, MOVES_OF_A_GROUP, Brake
from routekeeper.domain.windows import Day
from routekeeper.monitor.burst import BURST_SECONDS
from routekeeper_cli import config_file
from tests.docs.pages import ROOT, blocks
from tests.unit.config.silence import DOCUMENT, Mapping, in_bursts, mappings

PAGE = ROOT / "docs" / "configuration.md"
TEXT = PAGE.read_text()
[SMALLEST] = blocks(PAGE, "yaml")
HEADINGS: dict[tuple[object, ...], str] = {
    (): "Top level",
    ("defaults",): "Detection",
    ("brake",): "`brake`",
    ("loss",): "`loss` and `latency`",
    ("latency",): "`loss` and `latency`",
    ("targets", str): "`targets.<name>`",
    ("probes", int): "`probes[]`",
    ("restart",): "`restart`",
    ("groups", str): "`groups.<name>`",
    ("steering",): "`steering`",
    ("paths", int): "`paths[]`",
    ("failback",): "`failback`",
    ("damping",): "`damping`",
    ("windows", int): "`windows[]`",
}
"""The heading of the table for each mapping, by the end of the way that leads to it."""
WORDS: dict[str, Any] = {
    "the target's `probe_timeout`": render(Detection().probe_timeout_seconds),
    "every day": [day.value for day in Day],
    "on; `off` with `manual`": {},
    f"{MOVES_OF_A_GROUP} for each group": MOVES_OF_A_GROUP * len(DOCUMENT["groups"]),
    f"{MOVES_OF_A_GROUP} `moves` for each group, `per: {render(Brake(1).per_seconds)}`": {},
}
"""Defaults that the page tells in words, and what they come to in the silent document."""
REQUIRED = ("required", "required, one of these six")
ABSENT = ("none", "no restarts", "required with `window`", "required but on the preferred path")
"""What the page says of a key without which there is simply nothing."""
CONSTANT = re.compile(r"`([^`]+)`(?:, damped)?(?:; in bursts `([^`]+)`)?")


def heading(mapping: Mapping) -> str:
    way = mapping.way
    return HEADINGS[way[-1:]] if way[-1:] in HEADINGS else HEADINGS[way[-2], type(way[-1])]


def table(title: str) -> list[dict[str, str]]:
    """The rows of the first table under a heading, by column."""
    found = re.search(rf"^#+ {re.escape(title)}\n(?:(?!#).*\n)*?((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert found is not None, title
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def listed(mapping: Mapping) -> dict[str, str]:
    """The default of every key that the page lists for a mapping; all are required in a table without defaults."""
    place = DOCUMENT
    for step in mapping.way:
        place = place[step]
    kind = mapping.way[-1] if mapping.way[-1:] in (("loss",), ("latency",)) else place.get("type")
    if "paths" in mapping.way:
        kind = DOCUMENT["groups"][mapping.way[1]]["steering"]["type"]
    found: dict[str, str] = {}
    for row in table(heading(mapping)):
        told = row.get("of") or row.get("for `type`") or row.get("for steering") or ""
        if told in ("", "all", "both") or f"`{kind}`" in told:
            keys = detection.KEYS if row["key"].startswith("detection keys") else [row["key"].strip("`")]
            found |= dict.fromkeys(keys, row.get("default", "required"))
    return found


MAPPINGS = mappings()
OPTIONAL = [(one, key) for one in MAPPINGS for key in one.optional if one.may_leave_out(key)]


def named(value: object) -> str:
    return str(value)


@pytest.mark.parametrize("mapping", MAPPINGS, ids=named)
def test_the_page_lists_every_key_and_no_other(mapping: Mapping) -> None:
    assert set(listed(mapping)) == set(mapping.keys)


@pytest.mark.parametrize("mapping", MAPPINGS, ids=named)
def test_the_page_calls_required_what_cannot_be_left_out(mapping: Mapping) -> None:
    told = {key for key, default in listed(mapping).items() if default in REQUIRED}
    assert told == (mapping.required | mapping.alternatives) - {"time_zone", "windows", "attachment"}


@pytest.mark.parametrize(("mapping", "key"), OPTIONAL, ids=named)
def test_the_default_on_the_page_is_what_counts_where_a_key_is_left_out(mapping: Mapping, key: str) -> None:
    told = listed(mapping)[key]
    if told in ABSENT:
        assert not mapping.default(key)
    elif told == "as in `defaults`":
        assert mapping.way[0] == "targets"
        assert key in detection.KEYS
    elif told == "the target's name":
        assert mapping.saying(key, mapping.way[1]) == mapping.leaving_out(key)
    elif told in WORDS:
        assert mapping.saying(key, WORDS[told]) == mapping.leaving_out(key)
    else:
        constant = CONSTANT.fullmatch(told)
        assert constant is not None, told
        assert mapping.saying(key, yaml.safe_load(constant[1])) == mapping.leaving_out(key)


@pytest.mark.parametrize(("mapping", "key"), OPTIONAL, ids=named)
def test_in_bursts_the_default_on_the_page_is_what_counts(mapping: Mapping, key: str) -> None:
    constant, document = CONSTANT.fullmatch(listed(mapping)[key]), in_bursts()
    if constant is not None and not {"loss", "latency"} & set(mapping.way):
        value = yaml.safe_load(constant[2] or constant[1])
        assert mapping.saying(key, value, document) == mapping.leaving_out(key, document)


def test_damping_is_off_with_manual_as_the_page_tells() -> None:
    failback = Mapping(("groups", "by-reference", "failback"))
    manual = Mapping(failback.way[:-1])
    assert listed(failback)["damping"] == "on; `off` with `manual`"
    assert manual.saying("failback", {"mode": "manual"}) == manual.saying(
        "failback", {"mode": "manual", "damping": "off"}
    )


def test_the_page_says_how_soon_a_cut_is_noticed_and_how_long_a_burst_lasts() -> None:
    rule = Detection()
    further = rule.losses_needed(rule.probe_timeout_seconds) - 1
    seconds = further * rule.suspect_interval_seconds + rule.probe_timeout_seconds
    assert f"{seconds:g} s with the\ndefaults" in TEXT
    [row] = [row for row in table("Watching in bursts") if row[""] == "a cut is noticed, with the defaults"]
    assert row["`continuous`"] == f"at most {seconds + rule.probe_interval_seconds:g} s after it happened"
    assert row["`burst`"] == f"at most {seconds + BURST_INTERVAL_SECONDS:g} s"
    assert f"A burst ends after {BURST_SECONDS:g} s at the latest." in TEXT


def test_the_page_says_from_which_half_life_on_damping_can_work_with_the_defaults() -> None:
    assert "with the defaults that is a `half_life` of 30 s or less" in TEXT
    document = yaml.safe_load(SMALLEST)
    group = document["groups"]["private-a"]
    group["failback"] = {"damping": {"half_life": "31s"}}
    config.from_document(document)
    group["failback"] = {"damping": {"half_life": "30s"}}
    with pytest.raises(ConfigurationError, match="can never be reached"):
        config.from_document(document)


def test_the_warning_on_the_page_is_one_that_is_given(tmp_path: Path) -> None:
    file = tmp_path / "failover.yaml"
    file.write_text(SMALLEST.replace("type: tcp", "type: icmp").replace(", port: 22", ""))
    [told] = {line.partition("warning: ")[2] for line in config_file.check(file).warnings}
    assert f"warning: {told}\n" in TEXT


def test_the_page_tells_the_limits() -> None:
    assert {row["of"]: row["at most"] for row in table("Limits")} == {
        "a file": f"{limits.FILE_BYTES // 1024} KB; compiled, {limits.COMPILED_BYTES // 1024} KB",
        "mappings and lists inside each other": str(limits.DEPTH),
        "`targets`": str(limits.TARGETS),
        "`probes` of a target": str(limits.PROBES),
        "`groups`": str(limits.GROUPS),
        "`paths` of a group": str(limits.PATHS),
        "`route_tables` of a group": str(limits.ROUTE_TABLES),
        "`windows` of a group": str(limits.WINDOWS),
        "characters of a `url`": str(addresses.LONGEST_URL),
        "problems that are printed": f"{limits.PROBLEMS_TOLD}, and how many more there are",
    }


LONGEST = re.compile(r"(?:at most|to) `([0-9.]+(?:ms|s|m|h|d))`")


@pytest.mark.parametrize("mapping", MAPPINGS, ids=named)
def test_the_page_tells_how_long_a_duration_may_be(mapping: Mapping) -> None:
    rows = [row for row in table(heading(mapping)) if row["type"].startswith("duration")]
    for row in rows:
        key = row["key"].strip("`")
        if key in mapping.keys and row.get("of", "").strip("`") in ("", "both", *mapping.way[-1:]):
            [told] = LONGEST.findall(row["type"])
            assert f"at most {told}" in mapping.description(key)

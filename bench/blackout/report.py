"""The results as tables, as a picture, and against what was wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from matplotlib.patches import Rectangle

from bench import figures
from bench.blackout.ground import PRODUCT, THROUGH
from bench.wanted import Wanted

MEDIAN_LIMIT_SECONDS: Final = 2.5
DX_SCRIPT_RATIO: Final = 8.0
ALTERNAT_RATIO: Final = 4.0
ORDER: Final = (PRODUCT, THROUGH, "BFD", "nat_monitor", "HAProxy", "alterNAT", "DX script")
LABELS: Final = {
    "cut": "line\ncut",
    "return": "return\nonly",
    "port": "router\nport",
    "gone": "NAT\ngone",
    "hung": "NAT\nhung",
    "not-forwarding": "NAT not\nforwarding",
    "blip-1": "blip\n1 s",
    "blip-5": "blip\n5 s",
    "loss": "30 %\nloss",
    "delay": "+200 ms",
}
UNMOVED: Final = "—"
Scenario = Mapping[str, Any]


def wanted(results: Mapping[str, Any]) -> list[Wanted]:
    """What was wanted of this part, as far as its scenarios were run."""
    by_name = {scenario["name"]: scenario["contestants"] for scenario in results["scenarios"]}
    found = [*_wanted_of_cut(by_name["cut"])] if "cut" in by_name else []
    if "blip-1" in by_name:
        moves = by_name["blip-1"][PRODUCT]["moves_away"]
        found.append(Wanted("moves on a blip of 1 s", "0", str(moves), moves == 0))
    ours = [one for contestants in by_name.values() for name, one in contestants.items() if name in (PRODUCT, THROUGH)]
    lost, back = sum(one["failback_lost_packets"] for one in ours), sum(one["failbacks"] for one in ours)
    found.append(Wanted("packets lost on failback", "0", f"{lost} in {back} failbacks", lost == 0 and back > 0))
    return found


def _wanted_of_cut(cut: Mapping[str, Any]) -> Iterator[Wanted]:
    ours = _median(cut[PRODUCT])
    yield Wanted(
        "blackout on a cut, median", f"at most {MEDIAN_LIMIT_SECONDS} s", f"{ours:.2f} s", ours <= MEDIAN_LIMIT_SECONDS
    )
    for name, limit in (("DX script", DX_SCRIPT_RATIO), ("alterNAT", ALTERNAT_RATIO)):
        ratio = _median(cut[name]) / ours
        yield Wanted(f"shorter than {name}'s", f"at least {limit:g} times", f"{ratio:.1f} times", ratio >= limit)


def tables(results: Mapping[str, Any]) -> str:
    """The results in Markdown: what failures cost, and what disturbances brought about."""
    failures = [s for s in results["scenarios"] if s["kind"] == "failure"]
    disturbances = [s for s in results["scenarios"] if s["kind"] == "disturbance"]
    return "\n\n".join(part for part in (_failure_table(failures), _disturbance_table(disturbances)) if part)


def _failure_table(scenarios: Sequence[Scenario]) -> str:
    head = "| fault | contestant | blackout, s: median (range) | detection + steering | noticed | lost on failback |"
    rows = [
        f"| {scenario['title'] if place == 0 else ''} | {name} | {_blackout(one)} | {_parts(one)} |"
        f" {one['runs_seen']} of {one['runs']} | {_failback(one)} |"
        for scenario in scenarios
        for place, (name, one) in enumerate(_ordered(scenario))
    ]
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- |", *rows]) if rows else ""


def _disturbance_table(scenarios: Sequence[Scenario]) -> str:
    head = "| disturbance | contestant | runs in which it left the path | moves away, back | packets lost, median |"
    rows = [
        f"| {scenario['title'] if place == 0 else ''} | {name} | {one['runs_seen']} of {one['runs']} |"
        f" {one['moves_away']}, {one['moves_back']} | {_median(one, 'packets_lost'):g} |"
        for scenario in scenarios
        for place, (name, one) in enumerate(_ordered(scenario))
    ]
    return "\n".join([head, "| --- | --- | --- | --- | --- |", *rows]) if rows else ""


def draw(results: Mapping[str, Any], name: str = "blackout") -> None:
    """Write the picture: what makes up the blackout of a cut, and every contestant in every scenario."""
    scenarios = {scenario["name"]: scenario for scenario in results["scenarios"]}
    columns = [scenarios[key] for key in LABELS if key in scenarios]
    first = scenarios.get("cut", columns[0])
    figure, (bars, matrix) = figures.stacked(2.3, 2.6)
    _bars(bars, first)
    _matrix(matrix, columns)
    figures.save(figure, name)


def _bars(axes: Any, scenario: Scenario) -> None:
    contestants = [(name, one) for name, one in _ordered(scenario) if one["runs_seen"]]
    for place, (name, one) in enumerate(contestants):
        colour = _colour(name)
        detection, steering = _median(one, "detection_seconds"), _median(one, "steering_seconds")
        total, least, most = (one["blackout_seconds"][key] for key in ("median", "least", "most"))
        axes.barh(place, detection, color=colour)
        axes.barh(place, steering, left=detection, color=colour, alpha=0.45)
        axes.errorbar(total, place, xerr=[[total - least], [most - total]], color="#24292f", linewidth=0.9, capsize=2)
        axes.annotate(f"{total:.1f} s", (most, place), xytext=(5, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(contestants)), [name for name, _ in contestants])
    axes.invert_yaxis()
    axes.margins(x=0.08)
    axes.grid(axis="y", visible=False)
    runs = contestants[0][1]["runs"] if contestants else 0
    axes.set_title(
        f"Seconds of blackout: {scenario['title']} ({runs} runs, median and range; pale: steering)",
        fontweight="bold",
    )


def _matrix(axes: Any, scenarios: Sequence[Scenario]) -> None:
    names = [name for name in ORDER if any(name in scenario["contestants"] for scenario in scenarios)]
    for column, scenario in enumerate(scenarios):
        for row, name in enumerate(names):
            text, colour = _cell(scenario, scenario["contestants"].get(name))
            axes.add_patch(Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, color=colour, linewidth=0))
            axes.text(column, row, text, ha="center", va="center", fontsize=7.5)
    axes.set_xlim(-0.5, len(scenarios) - 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xticks(range(len(scenarios)), [LABELS[scenario["name"]] for scenario in scenarios], fontsize=8)
    axes.set_yticks(range(len(names)), [name.replace(", ", ",\n") for name in names])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(
        "Failures: median blackout. Disturbances: runs in which the path was left", fontweight="bold", pad=12
    )


def _cell(scenario: Scenario, one: Mapping[str, Any] | None) -> tuple[str, str]:
    """What a cell says, and how good it is, from green to red."""
    if one is None:
        return "", "white"
    if scenario["kind"] == "failure":
        if not one["runs_seen"]:
            return "unseen", "#ffb3ae"
        seconds = _median(one)
        shade = next(c for limit, c in ((3, "#c8ecd0"), (8, "#fff1c2"), (1e9, "#ffd8b5")) if seconds < limit)
        return f"{seconds:.1f} s", shade
    share = one["runs_seen"] / one["runs"]
    return f"{one['runs_seen']} of {one['runs']}", "#c8ecd0" if share == 0 else "#eaeef2"


def _ordered(scenario: Scenario) -> list[tuple[str, Mapping[str, Any]]]:
    return [(name, scenario["contestants"][name]) for name in ORDER if name in scenario["contestants"]]


def _colour(name: str) -> str:
    return {PRODUCT: figures.OURS, THROUGH: figures.OURS_TOO}.get(name, figures.OTHERS)


def _median(one: Mapping[str, Any], figure: str = "blackout_seconds") -> float:
    return float(one[figure]["median"]) if one[figure] else 0.0


def _blackout(one: Mapping[str, Any]) -> str:
    if not one["runs_seen"]:
        return "until mended"
    seconds = one["blackout_seconds"]
    return f"{seconds['median']:.2f} ({seconds['least']:.2f} to {seconds['most']:.2f})"


def _parts(one: Mapping[str, Any]) -> str:
    if one["detection_seconds"] is None:
        return UNMOVED
    return f"{_median(one, 'detection_seconds'):.2f} + {_median(one, 'steering_seconds'):.2f}"


def _failback(one: Mapping[str, Any]) -> str:
    return f"{one['failback_lost_packets']} in {one['failbacks']}" if one["failbacks"] else UNMOVED

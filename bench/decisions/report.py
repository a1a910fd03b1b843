"""The figures of the decisions in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bench.decisions import published
from bench.decisions.compared import BURSTS

_SHOWN: Final = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
_YEAR_SECONDS: Final = 365.25 * 86_400
_LONG_SECONDS: Final = 86_400.0


def tables(results: Mapping[str, Any]) -> str:
    """Delays at equal false alarms, the rules as published, and what becomes of the promise."""
    parts = [_world(world, results["shares"]) for world in results["worlds"]]
    parts += [_bad_in_bursts(results["bad_in_bursts"], results["worlds"][-1]["timeout_seconds"])]
    parts += [_published(results["published"]), _bursts(results["bursts"]), _simulated(results["simulated"])]
    parts += [_recorded(results["recorded"])]
    return "\n\n".join(parts)


def _world(world: Mapping[str, Any], shares: list[float]) -> str:
    places = [shares.index(share) for share in _SHOWN]
    timeout, unit = world["timeout_seconds"], "probes" if "probes" in world["name"] else "s"
    head = f"Mean delay {world['name']}; every rule set to at most one false alarm a year:"
    lines = [
        "| rule | years between false alarms | " + " | ".join(f"{share:.0%}" for share in _SHOWN) + " |",
        "| --- | ---: |" + " ---: |" * len(_SHOWN),
    ]
    for rule in world["rules"]:
        cells = " | ".join(_delay(rule["delays"][place] + timeout, unit) for place in places)
        lines.append(f"| {rule['name']}: {rule['rule']} | {rule['years_between_alarms']:.1f} | {cells} |")
    best = " | ".join(_delay(world["reference"]["delays"][place] + timeout, unit) for place in places)
    lines.append(f"| exact CUSUM, the best at each rate | 1 or more | {best} |")
    ratio = " | ".join(f"{world['ratios'][place]:.2f}" for place in places)
    lines.append(f"| routekeeper{world['but']} / exact CUSUM | | {ratio} |")
    for name, found in world["variants"].items():
        cells = " | ".join(f"{found[place]:.2f}" for place in places)
        lines.append(f"| {name} / exact CUSUM | | {cells} |")
    return head + "\n\n" + "\n".join(lines)


def _bad_in_bursts(rows: list[Mapping[str, Any]], timeout_seconds: float) -> str:
    head = (
        "The same score and that reference, made for `bursts: 100ms` and one false alarm a year there, on other lines:"
        " mean delay where the line turns bad in bursts, and false alarms a year on a line that loses 1 % in bursts:"
    )
    bursts = [f"{burst * 1000:g} ms" if burst else "none" for burst in BURSTS]
    lines = ["| rule | line | " + " | ".join(bursts) + " |", "| --- | --- |" + " ---: |" * len(bursts)]
    for row in rows:
        for share, delays in zip(row["shares"], row["delays"], strict=True):
            cells = " | ".join(_delay(delay + timeout_seconds, "s") for delay in delays)
            lines.append(f"| {row['rule']} | bad, {share:.0%} lost | {cells} |")
        cells = " | ".join(_often(often) for often in row["false_alarms_a_year"])
        lines.append(f"| {row['rule']} | usual, false alarms | {cells} |")
    return head + "\n\n" + "\n".join(lines)


def _published(rows: list[Mapping[str, Any]]) -> str:
    head = (
        "Every rule as published, at its own pace; mean delay from the onset of loss, and false alarms at 1 % of loss:"
    )
    lines = [
        "| rule | " + " | ".join(f"{share:.0%}" for share in published.SHARES) + " | false alarms a year |",
        "| --- |" + " ---: |" * (len(published.SHARES) + 1),
    ]
    for row in rows:
        cells = " | ".join(_delay(seconds, "s") for seconds in row["seconds"])
        lines.append(f"| {row['name']} | {cells} | {_often(row['false_alarms_a_year'])} |")
    return head + "\n\n" + "\n".join(lines)


def _bursts(rows: list[Mapping[str, Any]]) -> str:
    columns = list(rows[0]["false_alarms_a_year"])
    head = "False alarms a year that were to be one, on lines that lose 1 % on average in bursts of:"
    lines = ["| configured | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for row in rows:
        cells = " | ".join(_often(row["false_alarms_a_year"][column]) for column in columns)
        lines.append(f"| {row['rule']} | {cells} |")
    return head + "\n\n" + "\n".join(lines)


def _simulated(rows: list[Mapping[str, Any]]) -> str:
    head = "The monitor's own schedule, simulated, where one false alarm an hour was asked for:"
    lines = ["| bursts | timeout | chain | simulated |", "| --- | --- | ---: | ---: |"]
    lines += [
        f"| {row['bursts_seconds'] * 1000:g} ms | {row['timeout_seconds']:g} s | {row['exact_seconds']:,.0f} s"
        f" | {row['simulated_seconds']:,.0f} s, standard error {row['standard_error_seconds']:,.0f} s |"
        for row in rows
    ]
    return head + "\n\n" + "\n".join(lines)


def _recorded(rows: list[Mapping[str, Any]]) -> str:
    head = (
        "On recorded lines, false alarms within the recording, where at most ten were asked for, and the chance of so"
        " many or more if the promise holds; `usual` is the line's loss on average, or in the worst tenth of the time:"
    )
    columns = ["probes", "lost", "after a loss", "promised", "found", "chance"]
    columns += ["worst tenth: lost", "promised", "found", "chance"]
    lines = ["| line | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for row in rows:
        average, worst = row["usual_on_average"], row["usual_at_worst"]
        lines.append(
            f"| {row['line']} | {row['probes']:,} | {row['share']:.2%} | {row['share_after_loss']:.1%} |"
            f" {average['promised']:.1f} | {average['found']} | {average['chance']:.1%} |"
            f" {row['worst_share']:.2%} | {worst['promised']:.1f} | {worst['found']} | {worst['chance']:.1%} |"
        )
    return head + "\n\n" + "\n".join(lines)


def _delay(value: float, unit: str) -> str:
    if unit == "probes":
        return f"{value:,.1f}" if value < 1e6 else f"{value:.0e}"
    if value < _LONG_SECONDS:
        return f"{value:,.1f} s"
    return f"{value / _LONG_SECONDS:,.0f} days" if value < _YEAR_SECONDS else "over a year"


def _often(per_year: float) -> str:
    if per_year < 0.001:
        return "0"
    return f"{per_year:,.3g}" if per_year < 1000 else f"{per_year:,.0f}"

"""Counts of both ways of watching on the deployed application, and what they cost a month: make bench-cost.

    python -m bench.cost [--seconds N] [--keep] [--again]

--keep writes the counts beside the command's prices, where `routekeeper cost` finds them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from bench import figures, results_file
from bench.unwatched.usage import usage
from bench.wanted import Wanted, conclude
from lab import host
from lab.configuration import failover_yaml
from lab.laboratory import laboratory
from lab.world import World
from routekeeper.domain.settings import WatchMode
from routekeeper_cli import config_file
from routekeeper_cli.costs import bill
from routekeeper_cli.costs.counts import MEASURED, Size, monthly
from routekeeper_cli.costs.prices import price_list

REGION: Final = "us-east-1"
SECONDS: Final = 300.0
SETTLING_SECONDS: Final = 75.0
"""Until verdicts are there and the first hand-over is done."""
LIMITS: Final = {WatchMode.CONTINUOUS: 8.0, WatchMode.BURST: 1.0}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long to look on")
    parser.add_argument("--keep", action="store_true", help="write the counts where the command finds them")
    parser.add_argument("--again", action="store_true", help="only the bill, from the counts of the last run")
    options = parser.parse_args()
    try:
        if not options.again:
            host.reexecute()
    except host.HostError as error:
        print(f"This needs a network of its own, and there is none to be had here.\n{error}", file=sys.stderr)
        return 1
    if options.again:
        counts = {watch: json.loads((_directory(watch) / "counts.json").read_text()) for watch in WatchMode}
    else:
        counts = {watch: _counts(watch, options.seconds) for watch in WatchMode}
    if options.keep:
        for watch, found in counts.items():
            MEASURED[watch].write_text(json.dumps(found, indent=1) + "\n")
    bills = {watch: _bill(watch, counts[watch]) for watch in WatchMode}
    conclude("cost", {"region": REGION, "bills": {w.value: b for w, b in bills.items()}}, _wanted(bills))
    _draw(bills)
    return 0


def _counts(watch: WatchMode, seconds: float) -> dict[str, Any]:
    """What the functions use up while nothing is wrong."""
    directory = _directory(watch)
    print(f"{watch.value}: starting the laboratory", flush=True)
    with laboratory(_tell, directory=directory, configuration=_watching(watch)) as lab:
        time.sleep(SETTLING_SECONDS)
        start = time.time()
        time.sleep(seconds)
        end = time.time()
        time.sleep(5)  # what ends at the end is still written down
        used = usage(lab, start, end)
        targets = len(yaml.safe_load((directory / "failover.yaml").read_text())["targets"])
    found = {"watch": watch.value, "seconds": round(end - start, 3), "targets": targets, "usage": used}
    (directory / "counts.json").write_text(json.dumps(found, indent=1) + "\n")
    return found


def _directory(watch: WatchMode) -> Path:
    return results_file.DIRECTORY / f"lab-{watch.value}"


def _watching(watch: WatchMode) -> Callable[[World], str]:
    def document(world: World) -> str:
        return failover_yaml(world).replace("target_figures: metrics\n", f"watch: {watch.value}\n", 1)

    return document


def _bill(watch: WatchMode, counts: dict[str, Any]) -> dict[str, Any]:
    """The example configuration, watched that way."""
    directory = _directory(watch)
    file = directory / "counts.json"
    configuration = config_file.load(directory / "failover.yaml")
    size, known = Size(), price_list(REGION)
    items = bill.items(monthly(configuration, size, file), size, known)
    return {
        "seconds": counts["seconds"],
        "targets": counts["targets"],
        "vantages": size.vantages,
        "items": [
            {"what": i.what, "count": i.count, "list": i.list_price, "with_allowance": i.with_allowance} for i in items
        ],
        "list": sum(item.list_price for item in items),
        "with_allowance": sum(item.with_allowance for item in items),
        "others": [{"what": what, "list": price} for what, price in bill.others(size, known)],
        "looked_up": known.looked_up,
        "unconfirmed": list(known.unconfirmed),
        "sources": list(known.sources),
    }


def _wanted(bills: dict[WatchMode, dict[str, Any]]) -> list[Wanted]:
    wanted = []
    for watch, limit in LIMITS.items():
        for key, words in (("list", "at list price"), ("with_allowance", "with what every account has free")):
            found = bills[watch][key]
            what = f"{watch.value}, two zones, USD a month {words}"
            wanted.append(Wanted(what, f"<= {limit:g}", f"{found:.2f}", found <= limit))
    return wanted


def _draw(bills: dict[WatchMode, dict[str, Any]]) -> None:
    figure, (ours, others) = figures.panels(2)
    palette = (figures.OURS, figures.OURS_TOO, "#c8e1ff", *figures.EXTRA, "#f2cc60", "#8ddb8c", figures.OTHERS)
    labels = [f"{watch.value}\n{words}" for watch in WatchMode for words in ("list", "with free")]
    bottoms = [0.0] * len(labels)
    for colour, number in zip(palette, range(len(bills[WatchMode.BURST]["items"])), strict=True):
        heights = [bills[watch]["items"][number][key] for watch in WatchMode for key in ("list", "with_allowance")]
        label = bills[WatchMode.BURST]["items"][number]["what"]
        ours.bar(labels, heights, bottom=bottoms, color=colour, label=label, width=0.6)
        bottoms = [bottom + height for bottom, height in zip(bottoms, heights, strict=True)]
    for place, total in enumerate(bottoms):
        ours.annotate(f"{total:.2f}", (place, total), ha="center", va="bottom", fontsize=8)
    ours.set(title="USD a month, two zones")
    ours.margins(y=0.12)
    ours.tick_params(axis="x", labelsize=7)
    ours.grid(visible=False, axis="x")
    ours.legend(fontsize=6, loc="upper right")
    rows = [
        ("routekeeper, continuous", bills[WatchMode.CONTINUOUS]["list"]),
        ("routekeeper, burst", bills[WatchMode.BURST]["list"]),
    ]
    short = ("alterNAT's shape", "host with the script", "managed NAT gateways")
    rows += [(name, one["list"]) for name, one in zip(short, bills[WatchMode.BURST]["others"], strict=True)]
    bars = others.barh(
        [name for name, _ in rows], [usd for _, usd in rows], color=[figures.OURS] * 2 + [figures.OTHERS] * 3
    )
    others.bar_label(bars, fmt="%.2f", fontsize=8, padding=2)
    others.invert_yaxis()
    others.set(title="Next to others, list price")
    others.grid(visible=False, axis="y")
    others.margins(x=0.15)
    figures.save(figure, "cost")


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())

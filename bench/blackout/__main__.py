"""`python -m bench.blackout [--runs N] [--only NAME,NAME]`: measure, write build/bench/blackout.json and a picture."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, Final

from bench.blackout import ground, report
from bench.blackout.results import summary
from bench.blackout.scenarios import DX_SCENARIOS, NAT_SCENARIOS, Scenario
from bench.blackout.track import RATE_HZ, Track
from bench.machine import machine
from bench.results_file import DIRECTORY, read
from bench.wanted import conclude
from lab import host
from lab.demo.stories import wake
from lab.laboratory import Laboratory, laboratory
from routekeeper.ec2.steering.kinds import steerers

RUNS: Final = 5
OCCURRENCES: Final = DIRECTORY / "blackout-occurrences.jsonl"
SEED: Final = 2026
AUTOMATIC: Final = ("cut", "hung")
"""The scenarios whose first run waits for the product's own failback, hold-down and all; an operator asks in others."""
NAMES: Final = tuple(scenario.name for scenario in (*DX_SCENARIOS, *NAT_SCENARIOS))


def main() -> int:
    arguments = _arguments()
    earlier = read("blackout")["occurrences"] if arguments.add else []
    if arguments.redraw:
        return _conclude(read("blackout"))
    try:
        host.reexecute()
    except host.HostError as error:
        print(f"This needs a network of its own, and there is none to be had here.\n{error}", file=sys.stderr)
        return 1
    begun = time.time()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    OCCURRENCES.write_text("")
    with laboratory(_tell, directory=DIRECTORY / "lab", configuration=ground.failover_yaml) as lab:
        lanes = ground.prepare(lab)
        wake(lab)
        occurrences = earlier + _both_tracks(lab, lanes, arguments.runs, arguments.only)
        settings = lab.aws.ec2_controls.settings()
    results = {
        "seconds_taken": round(time.time() - begun),
        "packets_per_second": RATE_HZ,
        "reference_seconds": settings["reference_seconds"],
        "scenarios": [_one(s, occurrences) for s in (*DX_SCENARIOS, *NAT_SCENARIOS) if _ran(s, occurrences)],
        "occurrences": occurrences,
    }
    return _conclude(results)


def _conclude(results: dict[str, Any]) -> int:
    """Judge, write and draw what was measured."""
    found = report.wanted(results)
    loads = [occurrence["load"] for occurrence in results["occurrences"]]
    new = {"wanted": [asdict(one) for one in found], "loads": loads}
    conclude("blackout", {"machine": machine(), **results, **new}, found)
    report.draw(results)
    return 0


def _both_tracks(
    lab: Laboratory, lanes: tuple[tuple[ground.Lane, ...], tuple[ground.Lane, ...]], runs: int, only: Sequence[str]
) -> list[dict[str, Any]]:
    """Direct Connect and NAT side by side: they share no line, no target and no route."""
    ec2 = lab.aws.client("ec2")
    dx = Track(lab, ground.DX, lanes[0], steerers(ec2), random.Random(SEED), _tell)
    nat = Track(lab, ground.NAT, lanes[1], steerers(ec2), random.Random(SEED + 1), _tell)
    stopped = threading.Event()

    def go_through(track: Track, scenarios: Sequence[Scenario]) -> list[dict[str, Any]]:
        done = []
        try:
            for run, scenario in in_order(scenarios, runs):
                if scenario.name in only and not stopped.is_set():
                    automatic = run == 0 and scenario.name in AUTOMATIC
                    load = os.getloadavg()[0]
                    done.append({"load": load, **track.run(scenario, run, runs, wait_for_failback=automatic)})
                    with OCCURRENCES.open("a") as kept:  # so that an hour is not lost with its last minute
                        kept.write(json.dumps(done[-1]) + "\n")
        except BaseException:
            stopped.set()
            raise
        return done

    with ThreadPoolExecutor(2, "track") as threads:
        work = [threads.submit(go_through, dx, DX_SCENARIOS), threads.submit(go_through, nat, NAT_SCENARIOS)]
        return [occurrence for track in work for occurrence in track.result()]


def in_order(scenarios: Sequence[Scenario], runs: int) -> list[tuple[int, Scenario]]:
    """Every scenario in turn, so that a busy quarter of an hour hits all alike; what lingers comes last."""
    return [
        (run, scenario)
        for late in (False, True)
        for run in range(runs)
        for scenario in scenarios
        if scenario.lingers is late
    ]


def _ran(scenario: Scenario, occurrences: Sequence[dict[str, Any]]) -> bool:
    return any(occurrence["scenario"] == scenario.name for occurrence in occurrences)


def _one(scenario: Scenario, occurrences: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A scenario's summary by contestant."""
    runs = [occurrence["results"] for occurrence in occurrences if occurrence["scenario"] == scenario.name]
    names = runs[0].keys()
    return {
        "name": scenario.name,
        "title": scenario.title,
        "kind": scenario.kind.value,
        "fault_seconds": scenario.seconds,
        "contestants": {name: summary([run[name] for run in runs]) for name in names},
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.blackout", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of every scenario")
    parser.add_argument("--only", type=_names, default=NAMES, help=f"scenarios, by name: {','.join(NAMES)}")
    parser.add_argument("--add", action="store_true", help="keep the runs that are there, and add to them")
    parser.add_argument("--redraw", action="store_true", help="measure nothing, judge and draw what is there")
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(NAMES):
        raise argparse.ArgumentTypeError(f"no such scenario: {', '.join(sorted(unknown))}")
    return names


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())

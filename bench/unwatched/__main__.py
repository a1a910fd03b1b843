"""`python -m bench.unwatched [--seconds N]`: watch the watchers, write build/bench/unwatched.json and a picture."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench import figures
from bench.results_file import DIRECTORY
from bench.unwatched.heartbeats import Heartbeats, heartbeats
from bench.unwatched.intervals import Interval, intervals, rounds
from bench.unwatched.sightings import Lookout, Place, Sighting
from bench.unwatched.usage import usage
from bench.wanted import Wanted, conclude
from lab import host
from lab.demo.stories import wake
from lab.laboratory import Laboratory, laboratory
from lab.network.topology import DX_TO_TGW, VPN_TO_TGW
from lab.world import DX_ROUTER, NAT_A, NAT_B, VANTAGE_A, VANTAGE_B, VPN
from routekeeper.domain.detection import Detection

SECONDS: Final = 600.0
PROBE_INTERVAL_SECONDS: Final = Detection().probe_interval_seconds
MOST_INTERVALS: Final = 2.0
PLACES: Final = {
    "dx-router": Place(DX_TO_TGW.namespace, DX_TO_TGW.device),
    "vpn-host": Place(VPN_TO_TGW.namespace, VPN_TO_TGW.device),
    "nat-a": Place(NAT_A.name, "eth0"),
    "nat-b": Place(NAT_B.name, "eth0"),
}
ADDRESSES: Final = {"dx-router": DX_ROUTER, "vpn-host": VPN, "nat-a": NAT_A, "nat-b": NAT_B}
VANTAGES: Final = {VANTAGE_A.address: "a", VANTAGE_B.address: "b"}


@dataclass(frozen=True, slots=True)
class Watch:
    """A target as one vantage watched it."""

    target: str
    vantage: str
    intervals: list[Interval]
    arrivals: int
    sent: int
    """Rounds from the first to the last heartbeat: that arrived, and by the monitors' own beats."""

    @property
    def longest(self) -> Interval:
        return max(self.intervals, key=lambda one: one.seconds)

    def entry(self, start: float) -> dict[str, Any]:
        return {
            "target": self.target,
            "vantage": self.vantage,
            "longest_seconds": round(self.longest.seconds, 4),
            "longest_after_seconds": round(self.longest.start - start, 1),
            "rounds_arrived": self.arrivals,
            "rounds_sent_by_own_account": self.sent,
            "intervals_over_1.5": sum(one.seconds > 1.5 * PROBE_INTERVAL_SECONDS for one in self.intervals),
        }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.unwatched", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long to look on")
    arguments = parser.parse_args()
    try:
        host.reexecute()
    except host.HostError as error:
        print(f"This needs a network of its own, and there is none to be had here.\n{error}", file=sys.stderr)
        return 1
    with laboratory(_tell, directory=DIRECTORY / "lab-unwatched") as lab:
        wake(lab)
        _tell(f"looking on for {arguments.seconds:g} s")
        results = _look_on(lab, arguments.seconds)
    longest = max(one["longest_seconds"] for one in results["watches"])
    limit = MOST_INTERVALS * PROBE_INTERVAL_SECONDS
    what = "longest interval without a probe of any target, from each vantage"
    conclude("unwatched", results, [Wanted(what, f"at most {limit:g} s", f"{longest:.2f} s", longest <= limit)])
    return 0


def _look_on(lab: Laboratory, seconds: float) -> dict[str, Any]:
    loads = [os.getloadavg()[0]]
    with Lookout(PLACES) as lookout:
        start = time.time()
        while (left := start + seconds - time.time()) > 0:
            time.sleep(min(left, 60.0))
            loads.append(os.getloadavg()[0])
        end = time.time()
    told = heartbeats(lab, start, end)
    watches = [
        _watch(lookout.seen[target], target, address, (start, end), told[VANTAGES[address]])
        for target in PLACES
        for address in VANTAGES
    ]
    _draw(watches, start)
    return {
        "seconds": round(end - start, 3),
        "probe_interval_seconds": PROBE_INTERVAL_SECONDS,
        "loads": [round(load, 2) for load in loads],
        "watches": [watch.entry(start) for watch in watches],
        "usage": usage(lab, start, end),
    }


def _watch(seen: list[Sighting], target: str, address: str, window: tuple[float, float], beats: Heartbeats) -> Watch:
    (start, end), to, vantage = window, ADDRESSES[target].address, VANTAGES[address]
    arrivals = rounds(s.at for s in seen if s.source == address and s.destination == to)
    found = list(intervals(arrivals, start, end))
    comparable = sum(beats.first <= at < beats.last for at in arrivals)
    return Watch(target, vantage, found, comparable, beats.rounds[target])


def _draw(watches: list[Watch], start: float) -> None:
    figure, [axes] = figures.panels(1, height=2.8)
    colours: Mapping[str, str] = dict(zip(PLACES, (figures.OURS, *figures.EXTRA), strict=True))
    for watch in watches:
        times = [(one.end - start) / 60 for one in watch.intervals[1:-1]]
        gaps = [one.seconds for one in watch.intervals[1:-1]]
        label = watch.target if watch.vantage == "a" else None
        axes.scatter(times, gaps, s=5, color=colours[watch.target], label=label, linewidths=0)
    limit = MOST_INTERVALS * PROBE_INTERVAL_SECONDS
    axes.axhline(limit, color=figures.LIMIT, linewidth=1, linestyle="--")
    axes.annotate("wanted: at most this", (0.1, limit), xytext=(0, 3), textcoords="offset points", color=figures.LIMIT)
    axes.set_ylim(0, limit * 1.2)
    axes.set_xlabel("minutes; every monitor is handed over once in each")
    axes.set_ylabel("seconds since the probe before")
    axes.set_title("Time between probes, as each target saw them arrive from either vantage", fontweight="bold")
    axes.legend(loc="lower right", ncols=4, markerscale=2)
    figures.save(figure, "unwatched")


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())

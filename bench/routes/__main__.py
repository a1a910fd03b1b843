"""The router moves 10 to 500 route tables in one failover against token buckets: make bench-routes."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any, Final

from bench import figures
from bench.routes.ground import DESTINATION, Ground, ground
from bench.wanted import Wanted, conclude
from lab.cloud.ec2.throttling import Bucket
from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.bootstrap.clients import Clients
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.routes import is_on
from routekeeper.domain.settings import Configuration, Group, IcmpProbe, Path, Target
from routekeeper.domain.steering import NextHop, NextHopKind, VpcRoute
from routekeeper.domain.vantage import Vantage
from routekeeper.ec2.steering.kinds import steerers
from routekeeper.router import Dependencies, Router
from routekeeper.telemetry.measurements import Measurement
from tests.fakes.routes import FakePeople

COUNTS: Final = (10, 50, 200, 500)
BUCKETS: Final = (Bucket(200, 10), Bucket(100, 5), Bucket(50, 5))
"""The documentation's table could not be looked up when this was written; these are the sizes it may hold."""
CALL_SECONDS: Final = 0.15
INVOCATION_SECONDS: Final = 55.0
"""The router's time limit in template.yaml."""
PUBLISHED_F5: Final = {50: 5.0, 100: 5.0, 200: 15.0, 500: 90.0}
"""Seconds by number of routes, as F5 publishes them for its Cloud Failover Extension on AWS."""
LIMITS: Final = {200: 5.0, 500: 20.0}


def main() -> None:
    logging.disable(logging.CRITICAL)
    rows = []
    with ground(max(COUNTS), CALL_SECONDS) as place:
        here = 0
        for bucket in BUCKETS:
            for count in COUNTS:
                row = _move(place, bucket, count, here)
                rows.append(row)
                told = f"{row['seconds']:6.2f} s, at least {row['least_seconds']:.1f} s"
                print(f"{count:>4} tables, {bucket.capacity:g} + {bucket.per_second:g}/s: {told}", flush=True)
                _move(place, Bucket(10_000, 1000), count, 1 - here)  # back, unthrottled
    figures_found = {"call_seconds": CALL_SECONDS, "rows": rows, "published_f5": PUBLISHED_F5}
    conclude("routes", figures_found, _wanted(rows))
    _draw(rows)


def _move(place: Ground, bucket: Bucket, count: int, here: int) -> dict[str, Any]:
    """One failover of the first `count` tables away from instance `here`; as many invocations as it takes."""
    group = _group(place, count, here)
    steers = steerers(Clients().ec2())
    store = MemoryStore(MemoryTable(), writer="bench")
    _tell_health(store)
    store.save_group(GroupState("tables", path="from"))
    measured: list[Measurement] = []
    dependencies = Dependencies(store, steers, FakePeople(), time.time, time.sleep, measured.append)
    router = Router(Configuration({name: _target(name) for name in ("from", "to")}, {"tables": group}), dependencies)
    place.controls.throttle(bucket.capacity, bucket.per_second)
    first_call = max((call["number"] for call in place.controls.calls()), default=0)
    began, cpu_began, invocations = time.monotonic(), time.process_time(), 0
    while invocations == 0 or store.load_group("tables").pending is not None:
        invocations += 1
        _tell_health(store)
        router.run(f"invocation-{invocations}", time.time() + INVOCATION_SECONDS)
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu_began
    calls = [call for call in place.controls.calls(since=first_call) if call["action"] == "ReplaceRoute"]
    place.controls.lift_throttling()
    wanted = group.paths[1]
    return {
        "tables": count,
        "capacity": bucket.capacity,
        "per_second": bucket.per_second,
        "seconds": seconds,
        "least_seconds": bucket.seconds_for(count),
        "cpu_seconds": cpu,
        "invocations": invocations,
        "calls": len(calls),
        "throttled": sum(bool(call["error"]) for call in calls),
        "left_behind": sum(not is_on(route, wanted) for route in steers.read(group)),
    }


def _group(place: Ground, count: int, here: int) -> Group:
    hops = [NextHop(NextHopKind.INSTANCE, place.instances[number]) for number in (here, 1 - here)]
    paths = (Path("from", "from", (hops[0],)), Path("to", "to", (hops[1],)))
    return Group("tables", (VpcRoute(place.tables[:count], DESTINATION),), paths)


def _target(name: str) -> Target:
    return Target(name, (IcmpProbe(name, 0.75),))


def _tell_health(store: MemoryStore) -> None:
    now = time.time()
    healthy = TargetHealth(Health.HEALTHY, now, "answers")
    store.save_health("a", 1, "to", healthy)
    store.save_health("a", 1, "from", replace(healthy, health=Health.UNHEALTHY, first_loss_at=now - 1.5))
    store.save_vantage(Vantage("a", 1, now))


def _wanted(rows: list[dict[str, Any]]) -> list[Wanted]:
    wanted = []
    for row in rows:
        if (limit := LIMITS.get(row["tables"])) is None:
            continue
        bucket = f"{row['capacity']:g} + {row['per_second']:g}/s"
        found = f"{row['seconds']:.1f} s (the bucket alone: {row['least_seconds']:.0f} s)"
        what = f"{row['tables']} tables, bucket {bucket}"
        wanted.append(Wanted(what, f"<= {limit:g} s", found, row["seconds"] <= limit))
    left = sum(row["left_behind"] for row in rows)
    wanted.append(Wanted("tables left behind", "0", str(left), left == 0))
    return wanted


def _draw(rows: list[dict[str, Any]]) -> None:
    figure, [axes] = figures.panels(1)
    colours = (figures.OURS, figures.OURS_TOO, figures.EXTRA[0])
    for bucket, colour in zip(BUCKETS, colours, strict=True):
        mine = [row for row in rows if row["capacity"] == bucket.capacity]
        counts = [row["tables"] for row in mine]
        label = f"routekeeper, bucket {bucket.capacity:g} + {bucket.per_second:g} a second"
        axes.plot(counts, [row["seconds"] for row in mine], "o-", color=colour, label=label, markersize=4)
        least = [row["least_seconds"] for row in mine]
        axes.plot(counts, least, ":", color=colour, linewidth=1)
    axes.plot(
        list(PUBLISHED_F5),
        list(PUBLISHED_F5.values()),
        "s--",
        color=figures.OTHERS,
        label="F5, published",
        markersize=4,
    )
    axes.plot(list(LIMITS), list(LIMITS.values()), "v", color=figures.LIMIT, label="wanted: at most")
    axes.set(title="Seconds to move route tables (dotted: the least the bucket allows)", xlabel="tables")
    axes.legend(loc="upper left")
    figures.save(figure, "routes")


if __name__ == "__main__":
    main()

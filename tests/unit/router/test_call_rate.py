"""How fast changes are asked for, against EC2's token buckets under a clock that only moves when told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from lab.cloud.ec2.throttling import Bucket, Throttling
from routekeeper.domain.routes import Route
from routekeeper.domain.settings import Path
from routekeeper.domain.steering import NextHop, VpcRoute
from routekeeper.ec2.errors import refused
from routekeeper.router.applying import put_in_place
from routekeeper.router.call_rate import AT_ONCE, LEAST_PER_SECOND, STEP_SECONDS, CallRate
from tests.fakes.routes import FakeRoutes
from tests.unit.router.stage import NAT_A, NAT_B, Stage, group

ON_B = Path("nat-b", "nat-b", (NAT_B,))


@dataclass(slots=True)
class ThrottledRoutes(FakeRoutes):
    """Routes that are changed only while a bucket has tokens; a batch of calls takes `latency_seconds`."""

    stage: Stage = field(default_factory=Stage)
    bucket: Bucket = field(default_factory=lambda: Bucket(50, 5))
    calls: int = 0
    throttling: Throttling | None = None

    def change(self, steering: VpcRoute, route: Route, next_hop: NextHop | None) -> None:
        self.calls += 1
        if self.throttling is None:
            self.throttling = Throttling(self.bucket, clock=lambda: self.stage.now)
        if not self.throttling.grants("ReplaceRoute"):
            raise refused("Request limit exceeded", "RequestLimitExceeded")
        FakeRoutes.change(self, steering, route, next_hop)


def move(count: int, bucket: Bucket, seconds: float = 300.0) -> tuple[Stage, ThrottledRoutes, int]:
    """Move so many tables to B; how many are still on A at the end."""
    tables = [f"rtb-{number}" for number in range(count)]
    stage = Stage()
    routes = ThrottledRoutes(dict.fromkeys(tables, NAT_A), stage=stage, bucket=bucket)
    stage.routes = routes
    big = group("big", *tables)
    began = stage.now
    dependencies = stage.router(stage.store).dependencies
    applied = put_in_place(big, dependencies.steerers.read(big), ON_B, dependencies, began + seconds, lambda: True)
    left = sum(hop == NAT_A for hop in routes.next_hops.values())
    assert left == len(applied.failed)
    stage.now -= began
    return stage, routes, left


@pytest.mark.parametrize("count", [10, 50, 200, 500])
@pytest.mark.parametrize("bucket", [Bucket(50, 5), Bucket(100, 5), Bucket(200, 10)])
def test_hundreds_of_tables_move_hardly_slower_than_the_bucket_fills_and_none_is_left_behind(
    count: int, bucket: Bucket
) -> None:
    stage, routes, left = move(count, bucket)
    assert left == 0
    assert stage.now <= 1.1 * bucket.seconds_for(count) + 3
    assert routes.calls <= 1.6 * count + AT_ONCE  # refusals load an endpoint that others need


def test_what_the_deadline_cuts_off_is_named_route_by_route() -> None:
    stage, _, left = move(200, Bucket(50, 5), seconds=10)
    assert 85 <= left <= 110  # 50 at once and about 5 a second
    assert stage.now <= 10.5


def test_an_idle_endpoint_is_asked_for_as_much_at_once_as_allowed() -> None:
    assert CallRate().batch == AT_ONCE
    assert CallRate().after(granted=AT_ONCE, throttled=0, at=1.0) == CallRate()
    assert CallRate().step_seconds == 0


def test_the_pace_follows_what_the_bucket_is_seen_to_grant() -> None:
    pace = CallRate().after(granted=15, throttled=5, at=10.0).after(granted=40, throttled=0, at=12.0)
    assert pace.batch / pace.step_seconds == pytest.approx(25)  # 20 a second were granted, and a quarter more


def test_a_starved_group_goes_on_asking() -> None:
    pace = CallRate().after(granted=0, throttled=1, at=10.0).after(granted=0, throttled=1, at=60.0)
    assert pace.batch == 1
    assert pace.step_seconds == pytest.approx(1 / LEAST_PER_SECOND)
    assert pace.step_seconds <= STEP_SECONDS


def test_law_11_a_crowd_of_tables_does_not_keep_a_single_one_of_another_group_waiting() -> None:
    """Both ask at their own pace for tokens of one bucket that 500 calls have emptied."""
    bucket = Throttling(Bucket(50, 5), clock=lambda: now)
    now = 0.0
    paces = {"big": CallRate(), "small": CallRate()}
    wanted, due = {"big": 500, "small": 0}, {"big": 0.0, "small": 20.0}
    while now < 60 and (wanted["small"] or now <= 20):
        now = min(due.values())
        name = min(due, key=lambda one: due[one])
        if name == "small" and now == 20.0:
            wanted["small"] = 1
        asked = min(wanted[name], paces[name].batch)
        granted = sum(bucket.grants("ReplaceRoute") for _ in range(asked))
        wanted[name] -= granted
        paces[name] = paces[name].after(granted, asked - granted, now + 0.1)
        due[name] = now + max(0.1, paces[name].step_seconds)
    assert wanted["big"] > 200, "the crowd was still waiting"
    assert now - 20 <= 2.0

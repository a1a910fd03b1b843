"""Keys and items."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from routekeeper.domain.errors import ItemError, StoreError
from routekeeper.domain.grey import Tally
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.routing import GroupState, Transition, TransitionKind
from routekeeper.domain.signals import Probed, Signal, maintenance, spot_warning, state_change
from routekeeper.domain.vantage import Summary, Vantage
from routekeeper.store import items
from routekeeper.store.attributes import ITEM_BYTES, size
from routekeeper.store.writes import key_of
from tests.unit.store import stored_values

TRANSITION = Transition("idc-1", "idc", TransitionKind.FAILOVER, "dx", "vpn", "dx is UNHEALTHY", 0.0)


@given(stored_values.groups, stored_values.restarts, stored_values.leases, stored_values.vantages)
def test_what_must_not_be_lost_carries_no_time_to_live(
    group: object, restart: object, lease: object, vantage: object
) -> None:
    written = [
        items.group_item(group, "w"),  # type: ignore[arg-type]
        items.restart_item(restart, "w"),  # type: ignore[arg-type]
        items.lease_item(lease, "w"),  # type: ignore[arg-type]
        *items.vantage_items(vantage),  # type: ignore[arg-type]
        items.health_item("zone-a", 1, "dx-router", TargetHealth()),
    ]
    assert not any(items.EXPIRES_AT in item for item in written)


@given(stored_values.transitions)
def test_history_expires_on_a_whole_second_no_sooner_than_its_retention(transition: Transition) -> None:
    item = items.transition_item(transition, 86_400)
    assert 86_400 <= int(item["expires_at"]["N"]) - transition.decided_at <= 86_401


@given(stored_values.signals)
def test_a_signal_is_let_go_no_sooner_than_it_is_over_for_everybody(signal: Signal) -> None:
    expires_at = int(items.signal_item(signal)["expires_at"]["N"])
    assert signal.is_over(Probed.NOTHING, None, expires_at)
    assert signal.is_over(Probed.FAR_END, Verdict(Health.HEALTHY, "", 0.0), expires_at)


def test_signals_of_an_instance_stand_side_by_side_by_kind_and_name() -> None:
    window = (10.0, 20.0)
    said = [
        state_change("i-1", "stopping", 1.0),
        spot_warning("i-1", "stop", 1.0),
        *(maintenance("i-1", name, "REBOOT", 1.0, window) for name in ("one", "two")),
    ]
    assert [items.signal_key(signal).sk for signal in said] == [
        "i-1#state", "i-1#spot", "i-1#maintenance#one", "i-1#maintenance#two",
    ]  # fmt: skip


@given(stored_values.groups)
def test_a_group_that_was_stored_before_anything_was_remembered_of_its_paths_has_none(group: GroupState) -> None:
    item = {name: held for name, held in items.group_item(group, "w").items() if name != "paths"}
    assert items.group_from(item) == replace(group, paths={})


def test_history_is_kept_for_90_days_unless_said_otherwise() -> None:
    assert items.HISTORY_SECONDS == 90 * 24 * 3600


@pytest.mark.parametrize(
    ("at", "sort_key"),
    [
        (0.0, "1970-01-01T00:00:00.000000Z#idc-1"),
        (1_790_000_000.25, "2026-09-21T14:13:20.250000Z#idc-1"),
        (1_790_000_001.0, "2026-09-21T14:13:21.000000Z#idc-1"),
    ],
)
def test_history_sorts_by_time_of_one_width_in_utc(at: float, sort_key: str) -> None:
    assert key_of(items.transition_item(replace(TRANSITION, decided_at=at), 1)) == ("EVENT#idc", sort_key)


@given(stored_values.restart_events, stored_values.restart_events)
def test_keys_of_events_sort_as_their_times_do(one: RestartEvent, other: RestartEvent) -> None:
    keys = [key_of(items.restart_event_item(event, 1)).sk for event in (one, other)]
    if abs(one.at - other.at) > 1e-5:
        assert (keys[0] < keys[1]) == (one.at < other.at)


@pytest.mark.parametrize("at", [float("nan"), float("inf"), 1e300])
def test_an_event_at_no_time_is_refused(at: float) -> None:
    with pytest.raises(ItemError, match="is no time: expected seconds since the epoch"):
        items.transition_item(replace(TRANSITION, decided_at=at), 1)


def test_a_lease_keeps_its_expiry_out_of_reach_of_the_time_to_live() -> None:
    item = items.lease_item(Lease("zone-a", expires_at=5.5), "w")
    assert item["lease_expires_at"] == {"N": "5.5"}
    assert items.lease_from(item).expires_at == 5.5


# --- heartbeats


def heartbeat_of(count: int, reason: str = "10 answers in a row over 9.1 s; last: tcp 10.0.1.10:22 refused") -> Vantage:
    held = TargetHealth(
        Health.HEALTHY,
        since=1_790_000_000.123456,
        reason=reason,
        successes=12,
        first_success_at=1_790_000_000.654321,
        answered_at=1_790_000_009.25,
        known_at=1_790_000_009.5,
    )
    targets = {f"target-{number}": held for number in range(count)}
    return Vantage("zone-a", 1, 1_790_000_010.5, targets, {name: Summary(10, 0, 0, 0.0012, 0.0314) for name in targets})


def test_an_ordinary_heartbeat_is_one_item() -> None:
    assert [key_of(item) for item in items.vantage_items(heartbeat_of(0))] == [("VANTAGE#zone-a", "heartbeat")]
    assert [key_of(item) for item in items.vantage_items(heartbeat_of(800))] == [("VANTAGE#zone-a", "heartbeat")]


def test_a_heartbeat_of_2000_targets_is_split_into_items_that_fit_each_and_together() -> None:
    parts = items.vantage_items(heartbeat_of(2000))
    assert len(parts) > 1
    assert [key_of(item).sk for item in parts] == ["heartbeat", *(f"heartbeat#{n}" for n in range(1, len(parts)))]
    assert all(size(item) < ITEM_BYTES for item in parts)
    assert sum(map(size, parts)) < 4_000_000
    assert [items.EXPIRES_AT in item for item in parts] == [False] + [True] * (len(parts) - 1)


def test_a_heartbeat_of_8000_targets_still_fits_into_one_transaction() -> None:
    assert sum(map(size, items.vantage_items(heartbeat_of(8000)))) < 4_000_000


def test_a_heartbeat_that_no_transaction_takes_is_refused_in_words() -> None:
    with pytest.raises(StoreError, match="VANTAGE#zone-a/heartbeat: 4000 targets are more than one heartbeat can hold"):
        items.vantage_items(heartbeat_of(4000, reason="x" * 1000))


def test_health_that_an_older_version_wrote_without_tallies_is_read() -> None:
    item = items.health_item("zone-a", 1, "dx", TargetHealth(loss=Tally(score=3)))
    older = {name: value for name, value in item.items() if name not in ("loss", "latency")}
    assert items.health_from(older) == ("zone-a", "dx", TargetHealth())

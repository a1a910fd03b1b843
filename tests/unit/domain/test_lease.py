"""One monitor at a time per vantage, and none unwatched."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.bounds import CLOCK_SKEW_SECONDS
from routekeeper.domain.lease import Lease, claim, grant, renew

TTL = 5.0
FREE = Lease("az-a")


def test_a_free_lease_is_the_first_comers() -> None:
    lease = claim(FREE, "one", now=100.0, ttl_seconds=TTL)
    assert (lease.owner, lease.epoch, lease.expires_at) == ("one", 1, 105.0)
    assert lease.held_by("one", 104.9)
    assert not lease.held_by("one", 105.0)
    assert not lease.held_by("two", 104.9)


def test_a_held_lease_is_asked_for_and_not_taken() -> None:
    held = claim(FREE, "one", 100.0, TTL)
    asked = claim(held, "two", 101.0, TTL)
    assert asked == replace(held, successor="two")


def test_the_owner_hands_over_under_a_new_epoch() -> None:
    asked = claim(claim(FREE, "one", 100.0, TTL), "two", 101.0, TTL)
    granted = grant(asked, 102.0, TTL)
    assert (granted.owner, granted.epoch, granted.expires_at, granted.successor) == ("two", 2, 107.0, None)


def test_a_silent_owners_lease_is_taken_once_it_has_expired() -> None:
    held = claim(FREE, "one", 100.0, TTL)
    assert claim(held, "two", 104.9, TTL).owner == "one"
    taken = claim(held, "two", 105.0, TTL)
    assert (taken.owner, taken.epoch) == ("two", 2)


def test_a_lease_that_ends_later_than_any_can_is_not_waited_for() -> None:
    held = replace(claim(FREE, "one", 100.0, TTL), expires_at=100.0 + TTL + CLOCK_SKEW_SECONDS)
    assert claim(held, "two", 100.0, TTL).owner == "one"
    taken = claim(replace(held, expires_at=1_000_000.0), "two", 100.0, TTL)
    assert (taken.owner, taken.epoch) == ("two", 2)


def test_an_owner_that_ends_with_nobody_waiting_leaves_the_lease_free() -> None:
    left = grant(claim(FREE, "one", 100.0, TTL), 103.0, TTL)
    assert left.owner is None
    assert claim(left, "two", 103.0, TTL).epoch == 2


def test_renewing_keeps_whoever_waits() -> None:
    asked = claim(claim(FREE, "one", 100.0, TTL), "two", 101.0, TTL)
    assert renew(asked, 102.0, TTL) == replace(asked, expires_at=107.0)


def test_the_newest_claimant_is_the_successor() -> None:
    held = claim(FREE, "one", 100.0, TTL)
    assert claim(claim(held, "two", 101.0, TTL), "three", 102.0, TTL).successor == "three"


steps = st.lists(
    st.tuples(st.sampled_from(["one", "two", "three", "grant", "renew"]), st.floats(0.0, 4.0)), max_size=40
)


@given(steps)
def test_every_change_of_owner_has_a_newer_epoch_and_no_epoch_two_owners(story: list[tuple[str, float]]) -> None:
    lease, now, owners = FREE, 100.0, dict[int, str]()
    for step, later in story:
        now += later
        before = lease
        if step == "grant":
            lease = grant(lease, now, TTL)
        elif step == "renew":
            lease = renew(lease, now, TTL)
        else:
            lease = claim(lease, step, now, TTL)
            if before.owner not in (None, step) and now < before.expires_at:
                assert lease.owner == before.owner, "a live lease is never taken"
        assert lease.epoch >= before.epoch
        if lease.owner is not None:
            assert owners.setdefault(lease.epoch, lease.owner) == lease.owner

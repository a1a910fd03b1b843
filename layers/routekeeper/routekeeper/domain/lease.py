"""Who probes from a vantage: a lease with a fencing token, handed over by agreement so that nothing goes unwatched.

A newcomer claims the lease. The owner notices the claim, saves what it knows and grants the lease. The newcomer takes
it without a grant only if the owner is silent until the lease expires.

Why: docs/decisions/lease-hand-over.md
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from routekeeper.domain.bounds import Count, Time, lasts
from routekeeper.domain.stored import Stored


@dataclass(frozen=True, slots=True)
class Lease(Stored):
    vantage: str
    version: Count = 0
    """0: never saved. Every save adds 1 and is conditional on the version that was read."""
    owner: str | None = None
    epoch: Count = 0
    """The fencing token. It grows with every change of owner, and writes under an older epoch are refused."""
    expires_at: Time = 0.0
    successor: str | None = None

    def held_by(self, who: str, now: float) -> bool:
        return self.owner == who and now < self.expires_at


def claim(lease: Lease, who: str, now: float, ttl_seconds: float) -> Lease:
    """The lease after `who` asked for it: theirs if it was free or expired, otherwise with `who` as successor.

    No owner can have it for longer than `ttl_seconds` from now: an end that is further away is not believed.
    """
    if lease.owner == who:
        return replace(lease, expires_at=now + ttl_seconds)
    if lease.owner is None or not lasts(lease.expires_at, now, ttl_seconds):
        return _taken(lease, who, now, ttl_seconds)
    return replace(lease, successor=who)


def above(lease: Lease, newest_epoch: int) -> Lease:
    """The lease under an epoch that is newer than any that has written.

    It is older if somebody has deleted the lease's item, or brought it back from a backup. Then every write would be
    refused.
    """
    return lease if lease.epoch > newest_epoch else replace(lease, epoch=newest_epoch + 1)


def renew(lease: Lease, now: float, ttl_seconds: float) -> Lease:
    return replace(lease, expires_at=now + ttl_seconds)


def grant(lease: Lease, now: float, ttl_seconds: float) -> Lease:
    """The lease after its owner let go: the successor's, or nobody's."""
    if lease.successor is None:
        return replace(lease, owner=None, expires_at=now)
    return _taken(lease, lease.successor, now, ttl_seconds)


def _taken(lease: Lease, owner: str, now: float, ttl_seconds: float) -> Lease:
    return replace(lease, owner=owner, epoch=lease.epoch + 1, expires_at=now + ttl_seconds, successor=None)

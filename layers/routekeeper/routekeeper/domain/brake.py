"""The brake: after so many moves within a period nothing is moved back before a person has acknowledged (law 12).

Oscillation that nobody has understood costs more with every turn. Each move breaks connections, and two controllers
that put each other's routes "right" go on for ever. So moves of the whole deployment are counted in one ledger, and at
the limit the brake engages. It does not release itself, because the oscillation would only begin again.

A move counts if it was decided here. Moves that an operator asked for do not count, and neither do the completions of
an earlier transition. Only a move that can wait is held (`Move.brakable`); the others are counted when they are done
(law 4).

Why: docs/decisions/brake.md
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from routekeeper.domain.bounds import Count, Happened, Time, cannot_be, lasts
from routekeeper.domain.group_state import LONGEST_TURN_SECONDS, Asker, Channel, Transition, TransitionKind
from routekeeper.domain.settings import Brake
from routekeeper.domain.stored import Stored

_DECIDED_HERE: Final = (
    TransitionKind.INITIAL,
    TransitionKind.FAILOVER,
    TransitionKind.FAILBACK,
    TransitionKind.DRIFT,
)


@dataclass(frozen=True, slots=True)
class Counted(Stored):
    """One move in the ledger."""

    transition: str
    """Its ID, `<group>-<version>`: counting it again changes nothing."""
    at: Happened


@dataclass(frozen=True, slots=True)
class Ledger(Stored):
    """What the brake remembers: one item for the deployment."""

    version: Count = 0
    """0: never saved. Every save adds 1 and is conditional on the version that was read."""
    moves: tuple[Counted, ...] = ()
    """Those of the last period, oldest first; never more than the limit."""
    engaged_at: Happened | None = None
    acknowledged: Asker | None = None
    """Who released the brake last, or made it forget; moves until then do not count."""
    untold: tuple[Channel, ...] = ()
    """The channels on which people have yet to hear that it has engaged."""
    teller: str | None = None
    """The invocation that is telling; nobody else does until `teller_until`."""
    teller_until: Time = 0.0

    def told_at(self, now: float, by_another_than: str) -> bool:
        """Whether another invocation is telling that it has engaged."""
        another = self.teller not in (None, by_another_than)
        return another and lasts(self.teller_until, now, LONGEST_TURN_SECONDS)

    def unbelieved_at(self, now: float) -> bool:
        """Whether the teller's turn ends further away than any turn can. Nobody waits for it."""
        return self.teller is not None and cannot_be(self.teller_until, now, LONGEST_TURN_SECONDS)

    def recent(self, rule: Brake, now: float) -> tuple[Counted, ...]:
        return tuple(one for one in self.moves if one.at > now - rule.per_seconds)

    def has(self, transition: str) -> bool:
        return any(one.transition == transition for one in self.moves)


@dataclass(frozen=True, slots=True)
class Engagement:
    """The news that the brake has engaged."""

    engaged_at: float
    limit: int
    per_seconds: float
    moves: tuple[Counted, ...]


def counts(transition: Transition) -> bool:
    """Whether the move was decided here: no operator asked for it, and it is not the rest of another move."""
    return transition.kind in _DECIDED_HERE and transition.asked is None


def admit(ledger: Ledger, rule: Brake, transition: str, now: float) -> Ledger:
    """The ledger with a slot for a move that can wait, or without one (`Ledger.has`) if the move has to wait.

    The slot is taken before the move is committed, so that it cannot be used twice. If an invocation dies in between,
    the next one finds the slot again under the same ID. The last slot engages the brake.
    """
    recent = ledger.recent(rule, now)
    if ledger.engaged_at is not None or any(one.transition == transition for one in recent):
        return ledger
    if len(recent) < rule.moves:
        recent = (*recent, Counted(transition, now))
    return _watched(replace(ledger, moves=recent), rule, now)


def count(ledger: Ledger, rule: Brake, done: Iterable[Counted], now: float) -> Ledger:
    """The ledger with moves that nothing held, once they are done. Moves before the last acknowledgement do not count.

    While it is engaged nothing is added. The moves that engaged it stay on record until all are forgotten together.
    """
    if ledger.engaged_at is not None:
        return ledger
    since = ledger.acknowledged.at if ledger.acknowledged is not None else 0.0
    known = sorted((*ledger.moves, *(one for one in done if one.at > since)), key=lambda one: one.at)
    latest = {one.transition: one for one in known}  # a slot that was used only later counts from then on
    moves = sorted(latest.values(), key=lambda one: (one.at, one.transition))
    recent = replace(ledger, moves=tuple(moves)).recent(rule, now)
    return _watched(replace(ledger, moves=recent[-rule.moves :]), rule, now)


def release(ledger: Ledger, transition: str) -> Ledger:
    """The ledger without the slot of a move that could not begin.

    If that slot has engaged the brake and nobody was told of it yet, the brake has not engaged. Any other engagement
    only a person ends.
    """
    left = replace(ledger, moves=tuple(one for one in ledger.moves if one.transition != transition))
    if ledger.engaged_at is None:
        return left
    untold = set(ledger.untold) == set(Channel)
    if not untold or left.moves == ledger.moves:
        return ledger
    return replace(left, engaged_at=None, untold=(), teller=None)


def acknowledge(ledger: Ledger, asked: Asker) -> Ledger:
    """The ledger after a person has acknowledged: released, with all moves so far forgotten."""
    return Ledger(ledger.version, acknowledged=asked, unknown_attributes=ledger.unknown_attributes)


def why_braked(ledger: Ledger) -> str | None:
    """Why moves that can wait are held, and what a person must do; None if they are not held."""
    if ledger.engaged_at is None:
        return None
    return (
        f"held by the brake, which {len(ledger.moves)} moves have engaged, until a person acknowledges:"
        " invoke the operator function with the action acknowledge"
    )


def _watched(ledger: Ledger, rule: Brake, now: float) -> Ledger:
    """Engaged if the limit is reached, with people yet to be told."""
    if ledger.engaged_at is not None or len(ledger.moves) < rule.moves:
        return ledger
    return replace(ledger, engaged_at=now, untold=tuple(Channel))

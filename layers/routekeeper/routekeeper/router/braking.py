"""The brake's ledger as all groups of one invocation share it.

A move that can wait takes its slot before it is committed. It waits for as long as the ledger is out of reach, because
a return may be delayed. A move out of an UNHEALTHY path takes no slot; it is counted when people are told of it.

Why: docs/decisions/brake.md
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final

from routekeeper.domain import brake
from routekeeper.domain.brake import Counted, Engagement, Ledger
from routekeeper.domain.errors import AnnouncementError, ItemError, StoreError, VersionConflict
from routekeeper.domain.group_state import Transition
from routekeeper.domain.settings import Brake
from routekeeper.router.dependencies import Dependencies
from routekeeper.telemetry.measurements import Measurement, Metric, count_untold

LOG = logging.getLogger("routekeeper.router")

SAVE_ATTEMPTS: Final = 10
TELLER_SECONDS: Final = 60.0
"""How long others leave the telling to the invocation that engaged the brake. It tells when its last group is done."""


def _new_lock() -> AbstractContextManager[bool]:
    return Lock()  # looked up when it is needed: the simulator puts another one here


@dataclass(slots=True)
class Braking:
    """Lets one group at a time read and save, so that those of an invocation do not race each other for the version.

    After the table has once failed to answer, no group waits for it again; the next invocation tries anew. So the
    invocation waits for the slowest answer once, and not once for each group.
    """

    rule: Brake | None
    dependencies: Dependencies
    worker: str
    """The invocation."""
    _lock: AbstractContextManager[bool] = field(default_factory=_new_lock)
    _known: Ledger | None = None
    """As last read or saved. An engaged brake is read again, because a person may have released it (law 12)."""
    _failed: str | None = None

    def take_slot(self, transition: str) -> str | None:
        """Why the transition has to wait; None once it has its slot under the brake."""
        rule = self.rule
        if rule is None:
            return None
        try:
            ledger = self._change(lambda ledger: brake.admit(ledger, rule, transition, self.dependencies.clock()))
        except StoreError as error:
            LOG.warning("no slot under the brake", extra={"transition": transition, "error": str(error)})
            return f"held until the brake's ledger can be used: {error}"
        return None if ledger.has(transition) else brake.why_braked(ledger)

    def give_back_slot(self, transition: str) -> None:
        """Give back the slot of a move that could not begin. If that fails, the move counts as one that was made."""
        if self.rule is None:
            return
        try:
            self._change(lambda ledger: brake.release(ledger, transition))
        except StoreError as error:
            LOG.warning("slot under the brake not given back", extra={"transition": transition, "error": str(error)})

    def count(self, done: Iterable[Transition]) -> frozenset[str]:
        """Count moves that nothing held. Returns the IDs of those that need no more counting."""
        moves = tuple(Counted(one.id, one.decided_at) for one in done)
        rule = self.rule
        try:
            if rule is not None and moves:
                self._change(lambda ledger: brake.count(ledger, rule, moves, self.dependencies.clock()))
        except StoreError as error:
            LOG.warning("moves not counted yet", extra={"error": str(error)})
            return frozenset()
        return frozenset(one.transition for one in moves)

    def report(self) -> None:
        """While the brake is engaged, keep its alarm up and tell people once. Called at the end of the invocation."""
        if self.rule is None:
            return
        try:
            ledger = self._known = self.dependencies.store.load_brake()
        except ItemError as error:  # nothing returns until a person has corrected it, and the alarm says so
            LOG.error("the brake's ledger cannot be read", extra={"error": str(error)})  # noqa: TRY400
            self._measure()
            return
        except StoreError as error:
            LOG.warning("the brake's ledger was not read", extra={"error": str(error)})
            self._measure_failure()
            return
        if self._failed is not None:
            self._measure_failure()
        self._failed = None
        if ledger.engaged_at is None:
            return
        self._measure()
        LOG.warning("the brake is engaged", extra={"engaged_at": ledger.engaged_at, "moves": len(ledger.moves)})
        if ledger.unbelieved_at(self.dependencies.clock()):
            ends = {"teller_until": ledger.teller_until}
            LOG.warning("the end of a turn is too far away to be waited for", extra={"ends": ends})
        if ledger.untold and not ledger.told_at(self.dependencies.clock(), by_another_than=self.worker):
            self._tell(self.rule, ledger, ledger.engaged_at)

    def _measure(self) -> None:
        self.dependencies.emit(Measurement(Metric.BRAKE_ENGAGED, 1))

    def _measure_failure(self) -> None:
        """Moves are not counted, and none that can wait is made: if that lasts, a person has to see to the table."""
        self.dependencies.emit(Measurement(Metric.STEERING_FAILURES, 1))

    def _tell(self, rule: Brake, ledger: Ledger, engaged_at: float) -> None:
        news = Engagement(engaged_at, rule.moves, rule.per_seconds, ledger.moves)
        told = set()
        for channel in ledger.untold:
            try:
                self.dependencies.announcer.brake(news, channel)
            except AnnouncementError as error:
                LOG.warning("people not told of the brake", extra={"channel": channel.value, "error": str(error)})
                count_untold(self.dependencies.emit)
            except Exception:  # the edge of one message: a bug in one must not keep the other from people
                LOG.exception("people not told of the brake", extra={"channel": channel.value})
                count_untold(self.dependencies.emit)
            else:
                told.add(channel)

        def settled(found: Ledger) -> Ledger:
            if found.engaged_at != engaged_at:
                return found  # acknowledged meanwhile
            return replace(found, untold=tuple(one for one in found.untold if one not in told), teller=None)

        try:
            self._change(settled)
        except StoreError as error:
            LOG.warning("telling of the brake not saved", extra={"error": str(error)})
            self._measure_failure()

    def _change(self, change: Callable[[Ledger], Ledger]) -> Ledger:
        """The ledger after the change, saved if it changes anything. Raises StoreError."""
        with self._lock:
            if self._failed is not None:
                raise StoreError(self._failed)
            try:
                return self._saved(change)
            except StoreError as error:
                self._known, self._failed = None, str(error)
                raise

    def _saved(self, change: Callable[[Ledger], Ledger]) -> Ledger:
        for _ in range(SAVE_ATTEMPTS):
            known = self._known
            ledger = known if known is not None and known.engaged_at is None else self.dependencies.store.load_brake()
            changed = change(ledger)
            if changed.engaged_at is not None and ledger.engaged_at is None:
                teller_until = self.dependencies.clock() + TELLER_SECONDS
                changed = replace(changed, teller=self.worker, teller_until=teller_until)
            try:
                self._known = ledger if changed == ledger else self.dependencies.store.save_brake(changed)
            except VersionConflict:  # another invocation, or a person
                self._known = None
            else:
                return self._known
        raise VersionConflict(f"the brake's ledger was saved by others {SAVE_ATTEMPTS} times meanwhile")

"""Tells people what is recorded: after the routes, within a few seconds, once on each channel if all goes well.

Moves are counted in the brake's ledger in the same step, before people are told, and at least once. By then the routes
are in place, so counting keeps none of them waiting (laws 4 and 12).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from routekeeper.domain.errors import AnnouncementError, VersionConflict
from routekeeper.domain.group_state import Channel, GroupState, Transition, Untold
from routekeeper.router.braking import Braking
from routekeeper.router.dependencies import Dependencies
from routekeeper.telemetry.measurements import count_untold

LOG = logging.getLogger("routekeeper.router")

BUDGET_SECONDS: Final = 4.0
"""How long one channel is told for: a slow one leaves the other its time. The next pass tells the rest."""
FORGET_SECONDS: Final = 3600.0
"""News older than this is no longer told. It stands in history."""
SAVE_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells one group's transitions. What fails is tried later, and holds up no other message or channel.

    Each is told at least once. It is told twice only if the invocation dies between telling and saving.
    """

    group: str
    dependencies: Dependencies
    teller: str
    braking: Braking

    def run(self) -> None:
        """Tell what is untold, unless another invocation is telling it.

        Raises:
            StoreError: the group could not be read or saved.
        """
        state = self.dependencies.store.load_group(self.group)
        if not state.unannounced or self._left_to_another(state):
            return
        counted = self.braking.count(untold.transition for untold in state.unannounced if untold.uncounted)
        settled = frozenset(self._settle(state))
        for _ in range(SAVE_ATTEMPTS):
            left = tuple(_without(untold, settled, counted) for untold in state.unannounced)
            left = tuple(untold for untold in left if untold.channels or untold.uncounted)
            try:
                self.dependencies.store.save_group(replace(state, unannounced=left, teller=None))
            except VersionConflict:  # the group moves on meanwhile; what was told stays told
                state = self.dependencies.store.load_group(self.group)
            else:
                return
        LOG.warning(
            "telling not saved", extra={"error": f"the group was saved by others {SAVE_ATTEMPTS} times meanwhile"}
        )

    def _left_to_another(self, state: GroupState) -> bool:
        return state.told_at(self.dependencies.clock(), by_another_than=self.teller) is not None

    def _settle(self, state: GroupState) -> Iterator[tuple[str, Channel]]:
        """Every transition and channel that needs no more telling, as (ID, channel)."""
        for channel in Channel:
            give_up_at = self.dependencies.clock() + BUDGET_SECONDS
            for untold in state.unannounced:
                if channel not in untold.channels:
                    continue
                transition, now = untold.transition, self.dependencies.clock()
                if now - untold.news_at > FORGET_SECONDS:
                    LOG.error("people never told", extra={"transition": transition.id, "channel": channel.value})
                    count_untold(self.dependencies.emit, self.group)
                    yield transition.id, channel
                    continue
                if now >= give_up_at:
                    break
                if self._tell(transition, channel):
                    yield transition.id, channel

    def _tell(self, transition: Transition, channel: Channel) -> bool:
        """Whether it was told. A message that cannot be told is in trouble alone."""
        extra = {"transition": transition.id, "channel": channel.value}
        try:
            self.dependencies.announcer.transition(transition, channel)
        except AnnouncementError as error:
            LOG.warning("people not told", extra={**extra, "error": str(error)})
        except Exception:  # the edge of one message: a bug in one must not keep the others from people
            LOG.exception("people not told", extra=extra)
        else:
            return True
        count_untold(self.dependencies.emit, self.group)
        return False


def _without(untold: Untold, settled: frozenset[tuple[str, Channel]], counted: frozenset[str]) -> Untold:
    transition = untold.transition.id
    told = {channel for identifier, channel in settled if identifier == transition}
    channels = tuple(channel for channel in untold.channels if channel not in told)
    return replace(untold, channels=channels, uncounted=untold.uncounted and transition not in counted)

"""Writes what AWS says of our instances into the table first, so that every pass from then on knows it.

Why: docs/decisions/signals.md
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from routekeeper.domain.errors import NoticeError, StoreError
from routekeeper.domain.settings import Configuration
from routekeeper.domain.signals import Signal, concerned
from routekeeper.router.notices import signals_of
from routekeeper.store import Store

LOG = logging.getLogger("routekeeper.router")

SAVE_PAUSES_SECONDS: Final = (0.5, 2.0, None)
"""After each attempt to save a signal; none after the last. Lambda's own next try comes after a minute, which is late
for most signals."""


@dataclass(frozen=True, slots=True)
class Noting:
    configuration: Configuration
    store: Store
    sleep: Callable[[float], None]

    def take(self, event: Mapping[str, Any]) -> bool:
        """Record what the event says of our instances. Returns whether it is news, so that a pass is due.

        An account may have thousands of other instances. Events about them cost nothing but the invocation. An event
        that cannot be read is logged and dropped, because the next try would not read it either.

        Raises:
            StoreError: the table could not be written.
        """
        try:
            said = signals_of(event)
        except NoticeError as error:
            LOG.error("event not understood", extra={"error": str(error)})  # noqa: TRY400 - where it was met says nothing
            return False
        ours = concerned(self.configuration)
        stand = [self._note(signal) for signal in said if signal.resource in ours]
        return any(stand)

    def _note(self, signal: Signal) -> bool:
        stands = self._save(signal)
        told = "signal" if stands else "signal that is older than what is known"
        LOG.info(told, extra={"resource": signal.resource, "kind": signal.kind.value, "words": signal.words})
        return stands

    def _save(self, signal: Signal) -> bool:
        for pause in SAVE_PAUSES_SECONDS:
            try:
                return self.store.save_signal(signal)
            except StoreError as error:
                if pause is None:
                    raise
                LOG.warning("signal not saved, trying again", extra={"error": str(error)})
                self.sleep(pause)
        raise AssertionError("the last attempt has no pause")

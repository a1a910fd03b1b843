"""What AWS says of our instances goes into the table first, so that every pass from then on knows it.

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
"""After each attempt to save a signal; the last has none. Lambda tries again after a minute: late, for most."""


@dataclass(frozen=True, slots=True)
class Noting:
    configuration: Configuration
    store: Store
    sleep: Callable[[float], None]

    def take(self, event: Mapping[str, Any]) -> bool:
        """Record what the event says of our instances; whether it is news, and a pass is due.

        An account may have thousands of other instances: events about them cost nothing but the invocation. One
        that cannot be read is logged and let go, for it will not be better the next time.

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

"""A sign of life, given after the work that it stands for."""

from __future__ import annotations

import logging

from routekeeper.domain.errors import StoreError
from routekeeper.domain.presence import Pass, Release
from routekeeper.store import Store

LOG = logging.getLogger("routekeeper.router")


def tell_pass(store: Store, release: Release, now: float) -> None:
    """Write down that a pass over all groups has ended. A table that does not answer is no reason to fail."""
    try:
        store.save_pass(Pass("router", now, release))
    except StoreError as error:
        LOG.warning("pass not written", extra={"error": str(error)})

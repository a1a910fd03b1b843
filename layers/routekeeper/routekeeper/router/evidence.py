"""Health of the targets as one invocation knows it: read again if the table answers, and remembered if not."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field

from routekeeper.domain.errors import StoreError
from routekeeper.domain.settings import Configuration
from routekeeper.domain.signals import with_signals
from routekeeper.domain.vantage import Board
from routekeeper.domain.verdicts import Verdicts
from routekeeper.router.dependencies import Dependencies

LOG = logging.getLogger("routekeeper.router")


@dataclass(slots=True)
class Evidence:
    """The verdicts on all targets, shared by everything that an invocation has under way."""

    configuration: Configuration
    dependencies: Dependencies
    _known: tuple[float, Verdicts] | None = field(default=None, init=False)
    """The newest verdicts, and when they began to be read. Several threads may replace it: the newest stays."""

    _doubted: set[tuple[str, str | None]] = field(default_factory=set, init=False)

    def anew(self) -> Verdicts:
        """What the table says now. Raises StoreError."""
        asked_at = self.dependencies.clock()
        board, signals = self.dependencies.store.load_board(), self.dependencies.store.load_signals()
        now = self.dependencies.clock()
        self._doubt(board, now)
        verdicts = with_signals(self.configuration, board.verdicts(self.configuration, now), signals, now)
        if self._known is None or self._known[0] <= asked_at:
            self._known = asked_at, verdicts
        return verdicts

    def _doubt(self, board: Board, now: float) -> None:
        """Log what is not believed, each item once."""
        for item in board.ahead(now):
            if (item.vantage, item.target) not in self._doubted:
                self._doubted.add((item.vantage, item.target))
                LOG.warning("item of the board not believed", extra=asdict(item))

    def at_best(self) -> Verdicts:
        """What the table says now or, if it does not answer, what this invocation has last read.

        Raises:
            StoreError: it does not answer, and nothing has been read yet.
        """
        try:
            return self.anew()
        except StoreError as error:
            if self._known is None:
                raise
            LOG.warning("health not read again", extra={"error": str(error)})
            return self._known[1]

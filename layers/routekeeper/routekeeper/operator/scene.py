"""Everything that the vantages and AWS have told, read once for one answer."""

from __future__ import annotations

from dataclasses import dataclass

from routekeeper.domain.brake import Ledger, why_braked
from routekeeper.domain.errors import ItemError
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.quorum import Ballots, about, suspected_vantages, verdicts
from routekeeper.domain.settings import Configuration, Group, Path
from routekeeper.domain.signals import Signal, against, with_signals
from routekeeper.domain.vantage import Board
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View


@dataclass(frozen=True, slots=True)
class Scene:
    configuration: Configuration
    now: float
    board: Board
    fresh: Ballots
    suspected: frozenset[str]
    verdicts: Verdicts
    signals: tuple[Signal, ...]
    ledger: Ledger | ItemError | None = None
    """The brake's ledger, or why it cannot be read; None if there is no brake."""

    @property
    def braked(self) -> str | None:
        """Why moves that can wait are held, if they are."""
        match self.ledger:
            case Ledger() as ledger:
                return why_braked(ledger)
            case ItemError() as err:
                return f"the brake's ledger cannot be read: {err}"
            case None:
                return None

    def view(self, group: Group, state: GroupState) -> View:
        """The group without its routes, which the operator does not read."""
        return View(group, state, self.verdicts, self.now)

    def signals_about(self, path: Path) -> tuple[Signal, ...]:
        """Those that speak against the path, now or later."""
        probed = self.verdicts.probed(path) if path.target is not None else None
        return against(self.configuration, path, self.signals, probed, self.now)


def scene(
    configuration: Configuration,
    board: Board,
    signals: tuple[Signal, ...],
    now: float,
    ledger: Ledger | ItemError | None = None,
) -> Scene:
    fresh = about(configuration.targets, board.fresh(now, configuration.stale_after_seconds))
    told = with_signals(configuration, verdicts(configuration.targets, fresh), signals, now)
    return Scene(configuration, now, board, fresh, suspected_vantages(fresh), told, signals, ledger)

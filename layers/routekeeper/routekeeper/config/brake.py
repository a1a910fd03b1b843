"""The brake in an operator's words: the key `brake`."""

from __future__ import annotations

from typing import Final

from routekeeper.config import limits
from routekeeper.config.section import Section
from routekeeper.config.values import duration, whole
from routekeeper.domain.settings import MOVES_OF_A_GROUP, Brake

KEYS: Final = ("moves", "per")
MOST_MOVES: Final = 1_000
"""The ledger keeps so many, and every save writes them all. They fill less than a third of an item."""
_period = duration(limits.DAY, least=60)


def read_brake(section: Section, groups: int) -> Brake | None:
    """The brake for `groups` groups, or None if it is switched off."""
    standard = Brake(min(MOST_MOVES, max(1, groups) * MOVES_OF_A_GROUP))
    if "brake" not in section:
        return standard
    asked = section.section_or_off("brake", KEYS)
    if asked is None:
        return None
    return Brake(
        asked.optional("moves", whole(1, MOST_MOVES), standard.moves),
        asked.optional("per", _period, standard.per_seconds),
    )

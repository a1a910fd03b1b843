"""What is wrong with a file of many rows."""

from __future__ import annotations

from typing import Final

from routekeeper.config.problems import Problems
from routekeeper.config.tree import Place

_MOST_PROBLEMS: Final = 20


class FirstProblems(Problems):
    """Keeps the first problems of a file that may have one in every row."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._added = 0

    @property
    def full(self) -> bool:
        return self._added > _MOST_PROBLEMS

    def add(self, where: str, message: str, place: Place | None) -> None:
        self._added += 1
        if self._added <= _MOST_PROBLEMS:
            super().add(where, message, place)
        elif self._added == _MOST_PROBLEMS + 1:
            super().add("the rows", "there is more wrong behind this", place)

"""The command's exit codes, which mean the same for every verb."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

from routekeeper.domain.errors import ConfigurationError, RequestError, RoutekeeperError


class ExitCode(IntEnum):
    """A code with its meaning. Scripts rely on them, so no code ever gets another meaning."""

    meaning: str

    DONE = 0, "done"
    BAD = 1, "looked, and what was found is bad"
    UNUSABLE = 2, "wrong usage, or a file that cannot be read, used or written"
    REFUSED = 3, "refused; nothing was changed"
    UNCONFIRMED = 4, "not confirmed; nothing was changed"
    UNSEEN = 5, "asked for, but not seen done in time"
    NO_ACCESS = 6, "no credentials, no permission, or AWS or a function failed"
    INTERRUPTED = 130, "interrupted (Ctrl-C)"
    UNREAD = 141, "nobody reads the output any more (a closed pipe)"

    def __new__(cls, code: int, meaning: str) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    @classmethod
    def of(cls, error: RoutekeeperError) -> ExitCode:
        """The code for an error that ends a verb."""
        match error:
            case ConfigurationError():
                return cls.UNUSABLE
            case RequestError():
                return cls.REFUSED
            case _:
                return cls.NO_ACCESS

"""The one tree of errors. Every message says what was found, where, and what was expected."""

from __future__ import annotations

from routekeeper.domain.refusal import About, Refusal


class RoutekeeperError(Exception):
    """Base of every error that routekeeper raises on purpose."""


class ConfigurationError(RoutekeeperError):
    """The configuration cannot be used; the message lists every problem with its place. Warnings stand beside it."""

    def __init__(self, message: str, warnings: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.warnings = warnings


class RequestError(RoutekeeperError):
    """An operator's request cannot be carried out. Nothing was changed. `field` is the part of it that is at fault."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class StoreError(RoutekeeperError):
    """The table could not be read or written."""


class ItemError(StoreError):
    """A stored item is not what its key promises."""


class VersionConflict(StoreError):
    """Another has saved first: load again and decide again."""


class LeaseLost(StoreError):
    """A newer monitor of this vantage has written: stop."""


class Ec2Error(RoutekeeperError):
    """EC2 refused a call or did not answer it. `refusal` keeps its code and what it is about."""

    def __init__(self, message: str, code: str, about: About = About.CALL, *, final: bool = True) -> None:
        super().__init__(message)
        self.refusal = Refusal(code, message, about, final)

    @classmethod
    def of(cls, refusal: Refusal, words: str | None = None) -> Ec2Error:
        """The refusal as an error, with its code and what it is about, in its own words or in these."""
        return cls(words or refusal.words, refusal.code, refusal.about, final=refusal.final)

    @property
    def code(self) -> str:
        """EC2's error code, or one of our own (`ec2.errors`)."""
        return self.refusal.code

    @property
    def final(self) -> bool:
        """Whether the same call will be refused again until somebody changes something."""
        return self.refusal.final


class NoticeError(RoutekeeperError):
    """An event from AWS is not what its detail-type promises. Sending it again would not help."""


class RestartError(RoutekeeperError):
    """Some restart groups could not be attended to; the message names each with its reason."""


class AnnouncementError(RoutekeeperError):
    """People could not be told: the topic or the event bus refused."""

"""What an invocation of the restarter did and saw, as a value for logs and metrics."""

from __future__ import annotations

from dataclasses import dataclass

from routekeeper.domain.errors import RestartError
from routekeeper.domain.restart_event import RestartEvent


@dataclass(frozen=True, slots=True)
class RestartReport:
    """How one restart group fared."""

    group: str
    reason: str = "not looked at: no time was left"
    """What was done last, or what the group waits for, and why."""
    events: tuple[RestartEvent, ...] = ()
    """What went into history, oldest first."""
    given_up: tuple[str, ...] = ()
    """Targets that people must see to, sorted. A configured target is here while nothing more is tried on it (until it
    is HEALTHY or attempts age out), and while its forced stop is overdue (until it has ended). Any target is here while
    a start of its instance is owed."""
    owed: tuple[str, ...] = ()
    """Instances that routekeeper has stopped, and that do not run yet, sorted by when they are to be started."""
    waiting: int = 0
    """News that people have yet to be told."""
    under_way: bool = False
    """Whether a restart is under way that is worth another look within the invocation."""
    troubles: tuple[str, ...] = ()
    """Everything that failed, oldest first, whether or not it was overcome."""
    untold: int = 0
    """Events that people could not be told."""
    error: str | None = None
    """The trouble that the last look at the group met, if any."""


@dataclass(frozen=True, slots=True)
class Summary:
    groups: tuple[RestartReport, ...]

    @property
    def events(self) -> tuple[RestartEvent, ...]:
        return tuple(event for report in self.groups for event in report.events)

    @property
    def given_up(self) -> tuple[str, ...]:
        return tuple(target for report in self.groups for target in report.given_up)

    @property
    def errors(self) -> tuple[str, ...]:
        """What had not been overcome at the end, one line for each group."""
        return tuple(f"{report.group}: {report.error}" for report in self.groups if report.error is not None)

    def raise_errors(self) -> None:
        """Raise `errors` as one error. This comes at the end, when every group has had its turn.

        Raises:
            RestartError: there are errors.
        """
        if self.errors:
            raise RestartError("; ".join(self.errors))

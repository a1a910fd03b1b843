"""Who runs what: a sign of each function's last complete run, with the version and the configuration it ran."""

from __future__ import annotations

from dataclasses import dataclass

from routekeeper.domain.bounds import Time


@dataclass(frozen=True, slots=True)
class Release:
    """What a function runs."""

    version: str = ""
    """The package's."""
    configuration: str = ""
    """The digest of the compiled configuration: equal for functions that were deployed with the same one."""


@dataclass(frozen=True, slots=True)
class Pass:
    """The last complete pass of a function that is not a monitor."""

    function: str
    at: Time
    """When it ended, in seconds since the epoch."""
    release: Release = Release()

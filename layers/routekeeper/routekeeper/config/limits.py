"""How large a configuration may be. Beyond these nothing is read, so that every file is checked within moments."""

from __future__ import annotations

from typing import Final

FILE_BYTES: Final = 256 * 1024
COMPILED_BYTES: Final = 1024 * 1024
"""What `routekeeper compile` writes is longer than what a person has written: it is indented and has no aliases."""
DEPTH: Final = 32
"""Mappings and lists inside each other. A configuration needs 8."""
SIZE: Final = COMPILED_BYTES
"""Characters of a document with its aliases written out, and `SIZE_OF_A_NODE` for each value."""
SIZE_OF_A_NODE: Final = 16
DIGITS: Final = 18
"""A longer number means nothing in a configuration."""

TARGETS: Final = 500
PROBES: Final = 16
"""Of one target."""
GROUPS: Final = 500
PATHS: Final = 16
"""Of one group."""
ROUTE_TABLES: Final = 1_000
"""Of one group."""
WINDOWS: Final = 50
"""Of one group."""
STATUSES: Final = 400
"""Of one probe: all that there are."""

HOUR: Final = 3_600.0
DAY: Final = 86_400.0
WEEK: Final = 7 * DAY
MONTH: Final = 30 * DAY
"""What the longest durations are bounded by, in seconds."""

PROBLEMS_NOTED: Final = 200
"""Reading ends here."""
PROBLEMS_TOLD: Final = 50
NAMES_TOLD: Final = 20
NAMES_COMPARED: Final = 20
MESSAGE: Final = 1_000
"""Characters of one problem."""

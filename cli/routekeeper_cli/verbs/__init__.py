"""The verbs of the command, each in a module. To add one, write a module beside them and put it into `VERBS`.

Every call of the command calls `add_parser` of all verbs, so a verb imports its machinery only in `run`.

Why: docs/decisions/a-wing-for-each-place.md
"""

from __future__ import annotations

import argparse
from typing import Final, Protocol

from routekeeper_cli.exit_codes import ExitCode
from routekeeper_cli.options import Commands
from routekeeper_cli.verbs import check, compile_file, cost, replay, trace, tune


class Verb(Protocol):
    """What a module of this package has."""

    def add_parser(self, commands: Commands) -> argparse.ArgumentParser:
        """Add the verb with its arguments."""

    def run(self, options: argparse.Namespace) -> ExitCode:
        """Do what the arguments say.

        Raises:
            RoutekeeperError: it cannot be done; the message is for the person who asked.
        """


VERBS: Final[tuple[Verb, ...]] = (check, compile_file, cost, replay, trace, tune)

"""Every verb of the command, each a module. A new one is written beside them and put into `VERBS`.

`add_parser` is called for all of them on every call, so a verb's machinery is imported in its `run` only.

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
        """Do it, with what the arguments say.

        Raises:
            RoutekeeperError: it cannot be done; the message is for the person who asked.
        """


VERBS: Final[tuple[Verb, ...]] = (check, compile_file, cost, replay, trace, tune)

"""The command `routekeeper replay`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from routekeeper import config
from routekeeper.replay import as_json, as_timeline, read_trace, replay

DESCRIPTION = """\
Run the rounds recorded in TRACE through the code that watches and decides, and print each change of a target's health
and each move. TRACE is CSV with the columns time_seconds, vantage, target, outcome (ok, lost or unknown) and rtt_ms
(may be empty); its times are when rounds were sent. Every group begins on its preferred path."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "replay", help="say what would have been seen and moved on a recorded trace", description=DESCRIPTION
    )
    parser.add_argument("trace", type=Path, metavar="TRACE", help="the recorded rounds, CSV")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration to try")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a timeline")


def run(options: argparse.Namespace) -> Iterator[str]:
    """The lines to print.

    Raises:
        ConfigurationError: the configuration or the trace cannot be used; nothing has been printed then.
    """
    configuration = config.load(options.config)
    rows = read_trace(options.trace, configuration.targets)
    events = replay(rows, configuration)
    yield from as_json(events) if options.json else as_timeline(events)

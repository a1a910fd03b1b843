"""`routekeeper replay`: what would have been seen and moved on a recorded trace."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from routekeeper_cli import output
from routekeeper_cli.exit_codes import ExitCode
from routekeeper_cli.options import Commands, add_config, add_output

if TYPE_CHECKING:
    from routekeeper.domain.settings import Configuration

DESCRIPTION = """\
Run the rounds recorded in TRACE through the code that watches and decides, and print each change of a target's health
and each move. TRACE is CSV with the columns time_seconds, vantage, target, outcome (ok, lost or unknown) and rtt_ms
(may be empty); its times are when rounds were sent. Every group begins on its preferred path. Notes go to standard
error, what would come after the trace is in the timeline only."""


def add_parser(commands: Commands) -> argparse.ArgumentParser:
    """Add a trace, a configuration, and the form of the output."""
    parser = commands.add_parser(
        "replay", help="say what would have been seen and moved on a recorded trace", description=DESCRIPTION
    )
    parser.add_argument("trace", type=Path, metavar="TRACE", help="the recorded rounds, CSV")
    add_config(parser, "the configuration to try")
    add_output(parser)
    parser.add_argument(
        "--json", action="store_const", dest="output", const=output.Form.JSON, help="the same as --output json"
    )
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Raises ConfigurationError if configuration or trace cannot be used. Nothing has been printed then."""
    from routekeeper_cli import config_file
    from routekeeper_cli.replay import as_json, as_timeline, read_trace, replay

    configuration = config_file.load(options.config)
    rows = read_trace(options.trace, configuration.targets)
    _note_windows_without_dates(options.trace, min(row.sent_at for row in rows), configuration)
    events = replay(rows, configuration)
    output.put_all(as_json(events) if options.output is output.Form.JSON else as_timeline(events))
    return ExitCode.DONE


def _note_windows_without_dates(path: Path, begins_at: float, configuration: Configuration) -> None:
    from routekeeper_cli.replay.moments import is_date, moment

    windowed = [name for name, group in configuration.groups.items() if group.failback.windows is not None]
    if windowed and not is_date(begins_at):
        output.note(
            f"{path}: begins {moment(begins_at)} s after 1970 began, and the failback windows of {', '.join(windowed)}"
            " open by the clock: they fit only times in seconds since 1970-01-01 UTC"
        )

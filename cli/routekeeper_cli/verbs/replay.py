"""The commands `routekeeper replay` and `routekeeper trace`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from routekeeper.domain.settings import Configuration
from routekeeper_cli import config_file
from routekeeper_cli.replay import as_json, as_timeline, read_trace, replay
from routekeeper_cli.replay.logged import trace_from_log
from routekeeper_cli.replay.moments import is_date, moment
from routekeeper_cli.replay.notes import note

DESCRIPTION = """\
Run the rounds recorded in TRACE through the code that watches and decides, and print each change of a target's health
and each move. TRACE is CSV with the columns time_seconds, vantage, target, outcome (ok, lost or unknown) and rtt_ms
(may be empty); its times are when rounds were sent. Every group begins on its preferred path. Notes go to standard
error, what would come after the trace is in the timeline only."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "replay", help="say what would have been seen and moved on a recorded trace", description=DESCRIPTION
    )
    parser.add_argument("trace", type=Path, metavar="TRACE", help="the recorded rounds, CSV")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration to try")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a timeline")

    extract = commands.add_parser(
        "trace",
        help="make a trace of what the monitors have recorded in their log",
        description="Print the rounds recorded in LOG as a trace. LOG is text with the monitors' log events, each as"
        " JSON on one line, as `aws logs tail` prints them.",
    )
    extract.add_argument("log", type=Path, metavar="LOG", help="the log events")


def run(options: argparse.Namespace) -> Iterator[str]:
    """The lines to print.

    Raises:
        ConfigurationError: the configuration, the trace or the log cannot be used; nothing has been printed then.
    """
    if options.command == "trace":
        yield from trace_from_log(options.log)
        return
    configuration = config_file.load(options.config)
    rows = read_trace(options.trace, configuration.targets)
    _note_windows_without_dates(options.trace, min(row.sent_at for row in rows), configuration)
    events = replay(rows, configuration)
    yield from as_json(events) if options.json else as_timeline(events)


def _note_windows_without_dates(path: Path, begins_at: float, configuration: Configuration) -> None:
    windowed = [name for name, group in configuration.groups.items() if group.failback.windows is not None]
    if windowed and not is_date(begins_at):
        note(
            f"{path}: begins {moment(begins_at)} s after 1970 began, and the failback windows of {', '.join(windowed)}"
            " open by the clock: they fit only times in seconds since 1970-01-01 UTC"
        )

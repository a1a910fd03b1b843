"""`routekeeper trace`: a trace for `replay` and `tune`, out of the monitors' log."""

from __future__ import annotations

import argparse
from pathlib import Path

from routekeeper_cli import output
from routekeeper_cli.exit_codes import ExitCode
from routekeeper_cli.options import Commands


def add_parser(commands: Commands) -> argparse.ArgumentParser:
    """Add a log."""
    parser = commands.add_parser(
        "trace",
        help="make a trace of what the monitors have recorded in their log",
        description="Print the rounds recorded in LOG as a trace. LOG is text with the monitors' log events, each as"
        " JSON on one line, as `aws logs tail` prints them.",
    )
    parser.add_argument("log", type=Path, metavar="LOG", help="the log events")
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Raises ConfigurationError if the log cannot be used. Nothing has been printed then."""
    from routekeeper_cli.replay.logged import trace_from_log

    output.put_all(trace_from_log(options.log))
    return ExitCode.DONE

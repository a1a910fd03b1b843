"""`routekeeper cost`: what a deployment would cost."""

from __future__ import annotations

import argparse
from pathlib import Path

from routekeeper.domain.quoting import short
from routekeeper_cli import output
from routekeeper_cli.exit_codes import ExitCode
from routekeeper_cli.options import Commands, add_config, add_output


def add_parser(commands: Commands) -> argparse.ArgumentParser:
    """Add a configuration, a region, and what differs from the usual layout of a deployment."""
    parser = commands.add_parser(
        "cost",
        help="say what a deployment would cost a month, by item",
        description="Print USD a month by item: counts measured on the deployed application, times list prices.",
    )
    add_config(parser)
    parser.add_argument("--region", required=True, metavar="R", help="whose prices count, e.g. us-east-1")
    parser.add_argument(
        "--counts", type=Path, metavar="FILE", help="counts of your own, such as build/bench/unwatched.json"
    )
    parser.add_argument("--prices", type=Path, metavar="FILE", help="prices of your own")
    unsaid = argparse.SUPPRESS
    parser.add_argument("--vantages", type=int, choices=(1, 2, 3), default=unsaid, help="zones probed from")
    parser.add_argument("--monitor-memory", type=_memory, metavar="MB", dest="monitor_memory_mb", default=unsaid)
    parser.add_argument("--control-memory", type=_memory, metavar="MB", dest="control_memory_mb", default=unsaid)
    parser.add_argument(
        "--x86", action="store_false", dest="arm64", default=unsaid, help="where the region has no arm64"
    )
    add_output(parser)
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Raises ConfigurationError if a file cannot be used."""
    from dataclasses import fields

    from routekeeper_cli import config_file
    from routekeeper_cli.costs.counts import Size
    from routekeeper_cli.costs.statement import Statement

    said = {field.name: getattr(options, field.name) for field in fields(Size) if hasattr(options, field.name)}
    configuration = config_file.load(options.config)
    statement = Statement.of(configuration, options.region, Size(**said), options.counts, options.prices)
    if options.output is output.Form.JSON:
        output.put_json(statement.plain())
    else:
        output.put_all(statement.lines())
    return ExitCode.DONE


def _memory(text: str) -> int:
    """Megabytes of a function ("Configure Lambda function memory", AWS Lambda Developer Guide)."""
    if not text.isascii() or not text.isdigit() or len(text) > len("10240") or not 128 <= int(text) <= 10_240:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"found '{short(text)}', expected megabytes from 128 to 10240")
    return int(text)

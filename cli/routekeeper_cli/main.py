"""The command line: check a configuration before it is deployed, compile it for the functions, say what it costs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli import config_file
from routekeeper_cli.costs.counts import Size
from routekeeper_cli.costs.prices import FILE
from routekeeper_cli.costs.statement import statement
from routekeeper_cli.verbs import replay as replaying
from routekeeper_cli.verbs import tune as tuning
from routekeeper_cli.words.summary import summarize

UNUSABLE = 2
"""The exit code for a file that cannot be used; argparse takes the same for arguments it cannot use."""


CUT_SHORT = 1
"""The exit code where nobody reads what is printed any more, as behind `| head`; Python itself takes the same."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. `arguments` default to the process's own."""
    options = _parser().parse_args(arguments)
    try:
        status = _run(options)
        print(end="", flush=True)  # which does nothing where there is no standard output at all
    except BrokenPipeError:
        # What is still in the buffer would be written at exit, and fail again ("Note on SIGPIPE", module `signal`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_SHORT
    return status


def _run(options: argparse.Namespace) -> int:
    try:
        match options.command:
            case "check":
                print(summarize(config_file.load(options.file)))
            case "compile":
                _write(options.output, config_file.compiled(options.file))
            case "replay" | "trace":
                for line in replaying.run(options):
                    print(line)
            case "tune":
                for line in tuning.run(options):
                    print(line)
            case _:
                size = Size(options.vantages, options.monitor_memory, options.control_memory, arm64=not options.x86)
                configuration = config_file.load(options.config)
                print(statement(configuration, options.region, size, options.counts, options.prices))
    except ConfigurationError as err:
        print(err, file=sys.stderr)
        return UNUSABLE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="routekeeper", description="Failover controller for AWS routes.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="say what a configuration would watch and move, or everything that is wrong with it",
        description="Print what FILE would watch and move. Where FILE has problems, list all of them and exit 2.",
    )
    check.add_argument("file", type=Path, metavar="FILE", help="the configuration, YAML or compiled JSON")
    compiler = commands.add_parser(
        "compile",
        help="check a configuration and write it as the JSON that the functions read",
        description="Check FILE as `check` does and write it to OUT as JSON. Nothing is written where it has problems.",
    )
    compiler.add_argument("file", type=Path, metavar="FILE", help="the configuration, YAML or compiled JSON")
    compiler.add_argument("-o", "--output", type=Path, metavar="OUT", required=True, help="the file to write")
    _add_cost(commands)
    replaying.add_parser(commands)
    tuning.add_parser(commands)
    return parser


def _add_cost(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    standard = Size()
    cost = commands.add_parser(
        "cost",
        help="say what a deployment would cost a month, by item",
        description="Print USD a month by item: counts measured on the deployed application, times list prices.",
    )
    cost.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration")
    cost.add_argument("--region", required=True, metavar="R", help="whose prices count, e.g. us-east-1")
    cost.add_argument(
        "--counts", type=Path, metavar="FILE", help="counts of your own, such as build/bench/unwatched.json"
    )
    cost.add_argument("--prices", type=Path, metavar="FILE", default=FILE, help="prices of your own")
    cost.add_argument("--vantages", type=int, choices=(1, 2, 3), default=standard.vantages, help="zones probed from")
    cost.add_argument("--monitor-memory", type=int, metavar="MB", default=standard.monitor_memory_mb)
    cost.add_argument("--control-memory", type=int, metavar="MB", default=standard.control_memory_mb)
    cost.add_argument("--x86", action="store_true", help="where the region has no arm64")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as err:
        raise ConfigurationError(f"{path}: cannot be written: {err.strerror or err}") from err

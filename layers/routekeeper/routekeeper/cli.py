"""The command line: check a configuration before it is deployed, compile it, try it on a trace."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from routekeeper import config
from routekeeper.config.summary import summarize
from routekeeper.domain.errors import ConfigurationError
from routekeeper.replay import command as replaying
from routekeeper.tune import command as tuning

UNUSABLE = 2
"""The exit code for a file that cannot be used; argparse takes the same for arguments it cannot use."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. `arguments` default to the process's own."""
    options = _parser().parse_args(arguments)
    try:
        match options.command:
            case "check":
                print(summarize(config.load(options.file)))
            case "compile":
                _write(options.output, config.compiled(options.file))
            case "replay":
                for line in replaying.run(options):
                    print(line)
            case _:
                for line in tuning.run(options):
                    print(line)
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
    replaying.add_parser(commands)
    tuning.add_parser(commands)
    return parser


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as err:
        raise ConfigurationError(f"{path}: cannot be written: {err.strerror or err}") from err

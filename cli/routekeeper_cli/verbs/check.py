"""`routekeeper check`: a configuration in words, or everything that is wrong with it."""

from __future__ import annotations

import argparse
from pathlib import Path

from routekeeper_cli import output
from routekeeper_cli.exit_codes import ExitCode
from routekeeper_cli.options import Commands, add_output


def add_parser(commands: Commands) -> argparse.ArgumentParser:
    """Add a file and the form of the output."""
    parser = commands.add_parser(
        "check",
        help="say what a configuration would watch and move, or everything that is wrong with it",
        description="Print what FILE would watch and move. Where FILE has problems, list all of them and exit 2.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the configuration, YAML or compiled JSON")
    add_output(parser)
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Raises ConfigurationError with every problem of the file."""
    from routekeeper_cli import config_file
    from routekeeper_cli.words.facts import facts
    from routekeeper_cli.words.summary import summarize

    checked = config_file.check(options.file)
    output.complain_of_all(checked.warnings)
    configuration = checked.configuration
    if options.output is output.Form.JSON:
        output.put_json(facts(configuration))
    else:
        output.put(summarize(configuration))
    return ExitCode.DONE

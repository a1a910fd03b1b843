"""The command line: finds the verb, and ends every one of them in the same way."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from routekeeper.domain.errors import ConfigurationError, RoutekeeperError
from routekeeper_cli import output
from routekeeper_cli.exit_codes import ExitCode
from routekeeper_cli.options import Parser, Version
from routekeeper_cli.verbs import VERBS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code. `arguments` default to the process's own.

    Raises:
        SystemExit: after `--help` and `--version`, and on arguments that are no command.
    """
    try:
        try:
            return _run(arguments)
        finally:
            output.flush()
    except KeyboardInterrupt:
        output.tell("")
        output.complain("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.UNREAD
    except RoutekeeperError as err:
        output.complain(str(err))
        if isinstance(err, ConfigurationError):
            output.complain_of_all(err.warnings)
        return ExitCode.of(err)


def _run(arguments: Sequence[str] | None) -> ExitCode:
    options = _parser().parse_args(arguments)
    code: ExitCode = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code:>3}  {code.meaning}" for code in ExitCode)
    parser = Parser(
        prog="routekeeper",
        description="Failover controller for AWS routes.",
        epilog=f"exit codes:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=Version)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for verb in VERBS:
        verb.add_parser(commands).set_defaults(run=verb.run)
    return parser

"""The options that verbs share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from routekeeper.domain.quoting import visible
from routekeeper_cli import output
from routekeeper_cli.output import Form

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class Parser(argparse.ArgumentParser):
    """A parser that takes options by their whole names only. A shortened one would break with the next new option."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong with the arguments, which may hold anything, and exit."""
        super().error(visible(message))

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print it to standard output as data. argparse would hide it if that cannot be written."""
        if file is None:
            output.put(self.format_help().rstrip("\n"))
        else:
            super().print_help(file)


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 - it has no public name
"""What `add_subparsers` returns."""


class Version(argparse.Action):
    """`--version`, looked up only if it is asked for."""

    def __init__(self, option_strings: list[str], dest: str, **arguments: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version and exit", **arguments)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it and exit."""
        from importlib import metadata  # noqa: PLC0415 - takes longer than all of `--help`

        try:
            found = metadata.version("routekeeper")
        except metadata.PackageNotFoundError:
            found = "(not installed)"
        output.put(f"routekeeper {found}")
        parser.exit()


def add_config(parser: argparse.ArgumentParser, told: str = "the configuration") -> None:
    """`--config FILE`, as `options.config`."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help=told)


def add_output(parser: argparse.ArgumentParser) -> None:
    """`--output table|json`, as `options.output`, a `Form`."""
    told = "for people (table, the default) or one object a line (json)"
    parser.add_argument("--output", type=_form, metavar="{table,json}", default=Form.TABLE, help=told)


def _form(text: str) -> Form:
    try:
        return Form(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found '{text}', expected table or json") from None

"""`routekeeper compile`: a configuration as the JSON that functions read.

Why: docs/decisions/compiled-configuration.md
"""

from __future__ import annotations

import argparse
import contextlib
import secrets
from pathlib import Path

from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli import output
from routekeeper_cli.exit_codes import ExitCode
from routekeeper_cli.options import Commands


def add_parser(commands: Commands) -> argparse.ArgumentParser:
    """Add a file to read and one to write."""
    parser = commands.add_parser(
        "compile",
        help="check a configuration and write it as the JSON that the functions read",
        description="Check FILE as `check` does and write it to OUT as JSON. Nothing is written where it has problems.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the configuration, YAML or compiled JSON")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", required=True, help="the file to write")
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Raises ConfigurationError with every problem of the file, or if the other one cannot be written."""
    from routekeeper_cli import config_file

    checked = config_file.check(options.file)
    output.complain_of_all(checked.warnings)
    _write(options.output, checked.compiled)
    return ExitCode.DONE


def _write(path: Path, text: str) -> None:
    """Write the file as a whole, or leave what is there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        place = path.resolve()
        if place.exists() and not place.is_file():  # a pipe, or a directory, which refuses
            place.write_text(text, encoding="utf-8")
        else:
            _replace(place, text)
    except OSError as err:
        raise ConfigurationError(f"{path}: cannot be written: {err.strerror or err}") from err


def _replace(place: Path, text: str) -> None:
    """Write beside the file and then take its place, with its mode."""
    beside = place.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        beside.write_text(text, encoding="utf-8")
        if place.exists():
            beside.chmod(place.stat().st_mode & 0o7777)
        beside.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise

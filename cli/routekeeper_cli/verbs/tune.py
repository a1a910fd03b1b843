"""The command `routekeeper tune`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from routekeeper import config
from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli import config_file
from routekeeper_cli.replay import read_trace
from routekeeper_cli.tune.study import studies
from routekeeper_cli.tune.table import NOTE, table

DESCRIPTION = """\
Show for each target how soon a cut and grey failure would be noticed, and how many false moves a year are to be
expected, with the settings of FILE and with neighbouring ones, as a table and as a picture. A trace tells how much is
usually lost, and how often each setting would have called the target UNHEALTHY on it."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "tune", help="compare the settings of detection with neighbouring ones", description=DESCRIPTION
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration")
    parser.add_argument("--trace", type=Path, metavar="TRACE", help="recorded rounds, as for replay")
    parser.add_argument("--plot", type=_png, metavar="PNG", default=Path("tune.png"), help="default: tune.png")
    parser.add_argument("--no-plot", action="store_true", help="the table only; needs no matplotlib")


def run(options: argparse.Namespace) -> Iterator[str]:
    """The lines to print; the picture is written before the last.

    Raises:
        ConfigurationError: the configuration or the trace cannot be used, or the picture cannot be drawn.
    """
    document = json.loads(config_file.compiled(options.config))
    configuration = config.from_document(document, str(options.config))
    rows = None if options.trace is None else read_trace(options.trace, configuration.targets)
    if not options.no_plot:
        _expect_writable(options.plot)
    found = []
    for study in studies(configuration, document, rows, tell):
        found.append(study)
        tell("")
        yield from table(study)
        yield ""
    yield NOTE
    if not options.no_plot:
        from routekeeper_cli.tune.plot import draw  # noqa: PLC0415 - needs matplotlib, which nothing else does

        replaced = ", instead of an older one" if options.plot.exists() else ""
        draw(found, options.plot)
        yield ""
        yield f"The picture is in {options.plot}{replaced}."


def _png(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".png":
        raise argparse.ArgumentTypeError(f"found '{text}', expected the name of a file that ends in .png")
    return path


def _expect_writable(path: Path) -> None:
    """Said before the work instead of after it."""
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigurationError(f"{path}: cannot be written")


def tell(text: str) -> None:
    """A sign of life where somebody sits at a terminal: a line of its own that each one replaces."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

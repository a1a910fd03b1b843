"""`routekeeper tune`: the settings of detection beside their neighbours."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli import output
from routekeeper_cli.exit_codes import ExitCode
from routekeeper_cli.options import Commands, add_config, add_output

if TYPE_CHECKING:
    from routekeeper_cli.tune.study import Study

DESCRIPTION = """\
Show for each target how soon a cut and grey failure would be noticed, and how many false moves a year are to be
expected, with the settings of FILE and with neighbouring ones, as a table and as a picture. A trace tells how much is
usually lost, and how often each setting would have called the target UNHEALTHY on it."""


def add_parser(commands: Commands) -> argparse.ArgumentParser:
    """Add a configuration, a trace if there is one, and the form of the output."""
    parser = commands.add_parser(
        "tune", help="compare the settings of detection with neighbouring ones", description=DESCRIPTION
    )
    add_config(parser)
    parser.add_argument("--trace", type=Path, metavar="TRACE", help="recorded rounds, as for replay")
    parser.add_argument("--plot", type=_png, metavar="PNG", help="default: tune.png, if matplotlib is there")
    parser.add_argument("--no-plot", action="store_true", help="without the picture; needs no matplotlib")
    add_output(parser)
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Print the figures, then write the picture.

    Raises:
        ConfigurationError: the configuration or the trace cannot be used, or the picture cannot be drawn.
    """
    from routekeeper import config
    from routekeeper_cli import config_file
    from routekeeper_cli.replay import read_trace
    from routekeeper_cli.tune.study import studies

    document: Mapping[str, object] = json.loads(config_file.compiled(options.config))
    configuration = config.from_document(document, str(options.config))
    rows = None if options.trace is None else read_trace(options.trace, configuration.targets)
    plot = options.plot or _usual_plot()
    if not options.no_plot and plot is not None:
        _expect_writable(plot)
    told = _told(studies(configuration, document, rows, output.tell), options.output)
    if not options.no_plot:
        _draw(told, plot)
    return ExitCode.DONE


def _usual_plot() -> Path | None:
    """Where the picture goes if nobody says; None if nothing can draw it."""
    return None if find_spec("matplotlib") is None else Path("tune.png")


def _told(studies: Iterable[Study], form: output.Form) -> list[Study]:
    """The studies, once each has been printed."""
    from routekeeper_cli.tune.plain import plain
    from routekeeper_cli.tune.table import NOTE, table

    told = []
    for study in studies:
        output.tell("")
        if form is output.Form.JSON:
            output.put_json(plain(study))
        else:
            output.put_all([*table(study), ""])
        told.append(study)
    if form is output.Form.TABLE:
        output.put(NOTE)
    return told


def _draw(studies: Sequence[Study], path: Path | None) -> None:
    if path is None:
        output.complain("There is no picture: drawing needs matplotlib, which comes with pip install '.[plot]'.")
        return
    from routekeeper_cli.tune.plot import draw

    replaced = ", instead of an older one" if path.exists() else ""
    draw(studies, path)
    output.complain(f"The picture is in {path}{replaced}.")


def _png(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".png":
        raise argparse.ArgumentTypeError(f"found '{text}', expected the name of a file that ends in .png")
    return path


def _expect_writable(path: Path) -> None:
    """Refuse a bad path before the work instead of after it."""
    try:
        refused = path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK)
    except OSError as err:
        raise ConfigurationError(f"{path}: cannot be written: {err.strerror}") from err
    if refused:
        raise ConfigurationError(f"{path}: cannot be written")

"""The command `routekeeper tune`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from routekeeper import config
from routekeeper.domain.settings import Watch
from routekeeper.replay import read_trace
from routekeeper.tune.study import studies
from routekeeper.tune.table import table

DESCRIPTION = """\
Show for each target how soon a cut and grey loss would be noticed, and how many false moves a year are to be expected,
with the settings of FILE and with neighbouring ones, as a table and as a picture. A trace tells how much is usually
lost, and how often each setting would have called the target UNHEALTHY on it."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "tune", help="compare the settings of detection with neighbouring ones", description=DESCRIPTION
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration")
    parser.add_argument("--trace", type=Path, metavar="TRACE", help="recorded rounds, as for replay")
    parser.add_argument("--plot", type=Path, metavar="PNG", default=Path("tune.png"), help="default: tune.png")
    parser.add_argument("--no-plot", action="store_true", help="the table only; needs no matplotlib")


def run(options: argparse.Namespace) -> Iterator[str]:
    """The lines to print; the picture is written before the last.

    Raises:
        ConfigurationError: the configuration or the trace cannot be used, or the picture cannot be drawn.
    """
    configuration = config.load(options.config)
    rows = None if options.trace is None else read_trace(options.trace, configuration.targets)
    found = studies(configuration, rows)
    yield from table(found)
    if configuration.watch is Watch.BURST:
        yield "With `watch: burst` a minute passes between two looks: a failure waits for the next one."
    if not options.no_plot:
        from routekeeper.tune.plot import draw  # noqa: PLC0415 - needs matplotlib, which nothing else does

        draw(found, options.plot)
        yield ""
        yield f"The picture is in {options.plot}."

"""The choices as a picture: what each gains in time and costs in false moves. Only this module needs matplotlib."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli.tune.study import Study
from routekeeper_cli.tune.table import HARDLY_EVER
from routekeeper_cli.words.figures import percent

try:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
except ModuleNotFoundError as err:
    raise ConfigurationError("drawing needs matplotlib: pip install '.[plot]', or --no-plot") from err

_LONGEST_SECONDS = 86_400.0 * 365
_MOST_INCHES, _DOTS_PER_INCH = 500.0, 130
"""Their product is just below the 65,536 pixels that matplotlib draws in one direction. Higher pictures get coarser."""
_NOW, _BETTER, _OTHER = "#cf222e", "#1a7f37", "#1f6feb"
_MOST_NAMES = 4
_ROW_INCHES, _HEAD_INCHES, _PANEL_INCHES = 0.24, 0.9, 3.7


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure of every setting. A value off the scale is drawn at its edge, with an open marker."""

    label: str
    found: tuple[float, ...]
    least: float
    most: float
    off: str
    """What an open marker means."""

    @property
    def shown(self) -> list[float]:
        return [min(max(one, self.least), self.most) for one in self.found]

    @property
    def on_scale(self) -> list[bool]:
        return [self.least <= one <= self.most for one in self.found]

    @property
    def axis(self) -> str:
        return self.label if all(self.on_scale) else f"{self.label}\n(open: {self.off})"


def draw(studies: Sequence[Study], path: Path) -> None:
    """Write a PNG. Each target has a row for each setting, with the times to notice failures and the false moves.

    Targets with the same figures share their rows.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    alike = defaultdict[object, list[Study]](list)
    for study in studies:
        alike[study.choices, study.grey_share, study.late is None].append(study)
    names = [_named([study.target.name for study in group]) for group in alike.values()]
    studies = [group[0] for group in alike.values()]
    heights = [_HEAD_INCHES + _ROW_INCHES * len(study.choices) for study in studies]
    of_all = [list(panels(study)) for study in studies]
    columns = max(map(len, of_all))
    figure, rows = plt.subplots(
        len(studies),
        columns,
        figsize=(_PANEL_INCHES * columns, sum(heights)),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for name, study, own, row in zip(names, studies, of_all, rows, strict=True):
        for axes in row[len(own) :]:
            axes.axis("off")
        for panel, axes in zip(own, row, strict=False):
            _draw(axes, panel)
        for axes in row[1 : len(own)]:
            axes.set_xscale("log")
            axes.set_yticks(range(len(study.choices)), [""] * len(study.choices))
        row[0].set_yticks(range(len(study.choices)), [choice.setting for choice in study.choices], fontsize=8)
        row[0].set_title(name, loc="left", fontweight="bold")
    try:
        figure.savefig(path, dpi=_DOTS_PER_INCH * min(1.0, _MOST_INCHES / sum(heights)), facecolor="white")
    except OSError as err:
        raise ConfigurationError(f"{path}: cannot be written: {err}") from err
    finally:
        plt.close(figure)


def panels(study: Study) -> Iterator[Panel]:
    """The figures of the table, in its order."""
    means = [choice.expected for choice in study.choices]

    def until(label: str, found: list[float]) -> Panel:
        return Panel(f"s until {label} noticed", tuple(found), 0.0, _LONGEST_SECONDS, "a year or longer")

    yield until("a cut is", [one.cut_seconds for one in means])
    yield until(f"{percent(study.grey_share)} loss is", [one.grey_seconds for one in means])
    if study.late is not None:
        yield until("half late is", [one.late_seconds for one in means])
    often = tuple(one.false_moves_a_year for one in means)
    yield Panel("false moves a year", often, HARDLY_EVER, math.inf, f"less than {HARDLY_EVER:g}")


def _named(targets: Sequence[str]) -> str:
    further = len(targets) - _MOST_NAMES
    return ", ".join(targets[:_MOST_NAMES]) + (f" and {further} more" if further > 0 else "")


def _draw(axes: Any, panel: Panel) -> None:
    """Draw one dot for each setting. The present one is first and red, with a line down to compare the others with."""
    shown = panel.shown
    colours = [_NOW, *(_BETTER if one < shown[0] else _OTHER for one in shown[1:])]
    faces = [colour if on else "white" for colour, on in zip(colours, panel.on_scale, strict=True)]
    axes.axvline(shown[0], color=_NOW, linewidth=0.8)
    axes.scatter(shown, range(len(shown)), c=faces, edgecolors=colours, s=24, zorder=3)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel(panel.axis, fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(visible=True, color="#d0d7de", linewidth=0.6)
    axes.set_axisbelow(True)

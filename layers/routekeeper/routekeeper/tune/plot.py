"""The choices as a picture: what each gains in time and costs in false moves. The only module that needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from routekeeper.config.grey_words import percent
from routekeeper.domain.errors import ConfigurationError
from routekeeper.tune.study import Study

try:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
except ModuleNotFoundError as err:
    raise ConfigurationError("drawing needs matplotlib: pip install 'routekeeper[cli]', or --no-plot") from err

_LEAST_A_YEAR, _LEAST_SECONDS = 1e-3, 0.1
"""What is less is drawn at this edge."""
_LONGEST_SECONDS = 86_400.0 * 365
_NOW, _BETTER, _OTHER = "#cf222e", "#1a7f37", "#1f6feb"
_ROW_INCHES, _HEAD_INCHES = 0.24, 0.9


def draw(studies: Sequence[Study], path: Path) -> None:
    """Write a PNG: for each target a row a setting, with the time to notice a cut and grey loss, and false moves.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    heights = [_HEAD_INCHES + _ROW_INCHES * len(study.choices) for study in studies]
    figure, rows = plt.subplots(
        len(studies), 3, figsize=(11, sum(heights)), height_ratios=heights, squeeze=False, layout="constrained"
    )
    for study, (cut, grey, often) in zip(studies, rows, strict=True):
        found = [choice.expected for choice in study.choices]
        _panel(cut, study, "s until a cut is noticed", [one.cut_seconds for one in found])
        _panel(grey, study, f"s until {percent(study.grey_share)} loss is noticed", [one.grey_seconds for one in found])
        _panel(often, study, "false moves a year", [one.false_moves_a_year for one in found])
        cut.set_yticks(range(len(study.choices)), [choice.setting for choice in study.choices], fontsize=8)
        cut.set_title(study.target.name, loc="left", fontweight="bold")
        for axes in (grey, often):
            axes.set_xscale("log")
            axes.set_yticks(range(len(study.choices)), [""] * len(study.choices))
    try:
        figure.savefig(path, dpi=130, facecolor="white")
    except (OSError, ValueError) as err:  # ValueError: a file name that says another format than there is
        raise ConfigurationError(f"{path}: cannot be written: {err}") from err
    finally:
        plt.close(figure)


def _panel(axes: Any, study: Study, label: str, found: Sequence[float]) -> None:
    """One dot a setting, the present one first and red, with a line down to compare the others by."""
    least = _LEAST_A_YEAR if "year" in label else _LEAST_SECONDS
    shown = [min(max(one, least), _LONGEST_SECONDS) for one in found]
    colours = [_NOW, *(_BETTER if one < shown[0] else _OTHER for one in shown[1:])]
    axes.axvline(shown[0], color=_NOW, linewidth=0.8)
    axes.scatter(shown, range(len(shown)), c=colours, s=24, zorder=3)
    axes.set_ylim(len(study.choices) - 0.5, -0.5)
    axes.set_xlabel(label, fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(visible=True, color="#d0d7de", linewidth=0.6)
    axes.set_axisbelow(True)

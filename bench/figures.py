"""One look for all figures: readable at the width of a README, the same colour for the same thing."""

from __future__ import annotations

from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from bench.results_file import DIRECTORY

OURS: Final = "#1f6feb"
OURS_TOO: Final = "#79b8ff"
OTHERS: Final = "#8c959f"
LIMIT: Final = "#cf222e"
EXTRA: Final = ("#bf8700", "#1a7f37", "#8250df")

_STYLE: Final[dict[Any, Any]] = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#d0d7de",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
}


def panels(columns: int, *, height: float = 3.2) -> tuple[Any, list[Any]]:
    """A figure 8 inches wide with that many panels side by side."""
    mpl.rcParams.update(_STYLE)
    figure, axes = plt.subplots(1, columns, figsize=(8, height), layout="constrained", squeeze=False)
    return figure, list(axes[0])


def save(figure: Any, name: str) -> None:
    """Write build/bench/NAME.png."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    figure.savefig(DIRECTORY / f"{name}.png", facecolor="white")
    plt.close(figure)


def stacked(*heights: float) -> tuple[Any, list[Any]]:
    """A figure 8 inches wide with panels one under the other, each so many inches high."""
    mpl.rcParams.update(_STYLE)
    figure, axes = plt.subplots(
        len(heights), 1, figsize=(8, sum(heights)), height_ratios=heights, layout="constrained", squeeze=False
    )
    return figure, [row[0] for row in axes]

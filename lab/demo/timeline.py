"""The stories as a picture: every packet, the blackout, and what was done when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import matplotlib as mpl

from lab.demo.tale import Figures, Moment, Tale, failure_blackout

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ANSWERED, LOST, SHADE = "#2a9d8f", "#e63946", "#f4a261"
COLOURS: Final = {
    Moment.FAULT: "#e63946",
    Moment.VERDICT: "#b8860b",
    Moment.FAILOVER: "#1d6f42",
    Moment.MEND: "#1f77b4",
    Moment.RESTART: "#8e44ad",
    Moment.FAILBACK: "#1d6f42",
}
FLOOR_MS, CEILING_MS = 0.02, 200.0
"""Of the round-trip axis, which is logarithmic: what matters is whether a packet was answered."""
CLOSE_UP_SECONDS: Final = (1.0, 2.0)
"""Shown before the fault and after the blackout, in the close-up."""


def draw(results: Sequence[tuple[Tale, Figures]], file: Path) -> None:
    """Write the picture: a row a story, the whole of it at the left and the failure close up at the right."""
    figure, rows = plt.subplots(
        len(results), 2, figsize=(13, 4.2 * len(results)), width_ratios=(2, 1), squeeze=False, layout="constrained"
    )
    for (tale, measured), (whole, close_up) in zip(results, rows, strict=True):
        _whole(whole, tale)
        _close_up(close_up, tale, measured)
    figure.savefig(file, dpi=110)
    plt.close(figure)


def _whole(axes: Axes, tale: Tale) -> None:
    start = tale.packets[0].sent_at
    _packets(axes, tale, start)
    marks = [mark for mark in tale.marks if mark.moment is not Moment.VERDICT]
    end = max(tale.packets[-1].sent_at, marks[-1].at) - start
    _carriers(axes, tale, start, end)
    for place, mark in enumerate(marks):
        axes.axvline(mark.at - start, color=COLOURS[mark.moment], linewidth=1)
        axes.annotate(
            mark.text, (mark.at - start, 0.86 - 0.075 * (place % 8)), xycoords=("data", "axes fraction"),
            xytext=(4, 0), textcoords="offset points", fontsize=8, color=COLOURS[mark.moment], va="top",
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
        )  # fmt: skip
    axes.set_title(tale.title, loc="left", fontsize=11, fontweight="bold")
    axes.set_xlim(0, end * 1.12)


def _carriers(axes: Axes, tale: Tale, start: float, end: float) -> None:
    """A ribbon at the top: which path carried the traffic."""
    turns = [(max(at - start, 0.0), path) for at, path in tale.carriers]
    preferred = turns[0][1]
    for (begin, path), (until, _) in zip(turns, [*turns[1:], (end, "")], strict=True):
        colour = ANSWERED if path == preferred else SHADE
        axes.axvspan(begin, until, 0.93, 1.0, color=colour, alpha=0.5, linewidth=0)
        if until - begin > end * 0.08:
            axes.annotate(
                path, ((begin + until) / 2, 0.965), xycoords=("data", "axes fraction"), fontsize=8, ha="center",
                va="center",
            )  # fmt: skip


def _close_up(axes: Axes, tale: Tale, measured: Figures) -> None:
    fault = tale.first(Moment.FAULT)
    assert fault is not None
    blackout = failure_blackout(tale.packets, fault.at)
    assert blackout is not None
    _packets(axes, tale, fault.at)
    before, after = CLOSE_UP_SECONDS
    axes.set_xlim(-before, blackout.end - fault.at + after)
    turn = blackout.start + measured.detection_seconds - fault.at
    axes.axvspan(blackout.start - fault.at, turn, color=SHADE, alpha=0.25)
    axes.axvspan(turn, blackout.end - fault.at, color=LOST, alpha=0.25)
    axes.axvline(0, color=COLOURS[Moment.FAULT], linewidth=1)
    axes.set_title(
        f"blackout {measured.blackout_seconds:.2f} s = {measured.detection_seconds:.2f} s to detect"
        f" + {measured.steering_seconds:.2f} s to steer",
        loc="left", fontsize=9,
    )  # fmt: skip


def _packets(axes: Axes, tale: Tale, zero: float) -> None:
    answered = [p for p in tale.packets if p.received_at is not None]
    round_trips = [(p.received_at - p.sent_at) * 1000 for p in answered if p.received_at is not None]
    lost = [p.sent_at - zero for p in tale.packets if p.lost]
    axes.scatter([p.sent_at - zero for p in answered], round_trips, s=4, color=ANSWERED, label="answered", linewidths=0)
    axes.scatter(lost, [FLOOR_MS * 1.6] * len(lost), s=26, color=LOST, marker="|", label="lost")
    axes.set_yscale("log")
    axes.set_ylim(FLOOR_MS, CEILING_MS)
    axes.set_xlabel("seconds", fontsize=8)
    axes.set_ylabel("round trip, ms", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.legend(loc="center right", fontsize=8, markerscale=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)

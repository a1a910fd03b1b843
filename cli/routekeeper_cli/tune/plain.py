"""The choices of a target for programs."""

from __future__ import annotations

import math

from routekeeper_cli.tune.study import Choice, Study
from routekeeper_cli.tune.table import NEVER_SECONDS
from routekeeper_cli.tune.usual import Usual


def plain(study: Study) -> dict[str, object]:
    """What the table says of a target, for JSON. Times are in seconds, and null if never or not known."""
    measured = study.measured
    return {
        "target": study.target.name,
        "usual_loss": _usual(study.usual),
        "usual_lateness": None if study.late is None else _usual(study.late),
        "grey_share": study.grey_share,
        "trace": None if measured is None else {"rounds": measured.rounds, "lost": measured.lost},
        "choices": [_choice(choice, with_late=study.late is not None) for choice in study.choices],
    }


def _usual(usual: Usual) -> dict[str, object]:
    return {
        "share": usual.line.share,
        "share_from": usual.share_from,
        "burst_seconds": usual.line.burst_seconds,
        "burst_from": usual.burst_from,
    }


def _choice(choice: Choice, *, with_late: bool) -> dict[str, object]:
    found = choice.expected
    return {
        "setting": choice.setting,
        "cut_seconds": _unless_never(found.cut_seconds),
        "grey_seconds": _unless_never(found.grey_seconds),
        "late_seconds": _unless_never(found.late_seconds) if with_late else None,
        "false_moves_a_year": found.false_moves_a_year,
        "verdicts_on_trace": choice.accusations,
    }


def _unless_never(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) and seconds < NEVER_SECONDS else None

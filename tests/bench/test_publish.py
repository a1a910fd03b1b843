"""Figures find their place in the document, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest

from bench.blackout import report
from bench.publish import replaced


def test_only_what_stands_between_the_markers_is_written_anew() -> None:
    text = "before\n<!-- a -->\nold\n<!-- /a -->\nbetween\n<!-- b -->\n<!-- /b -->\nafter\n"
    assert replaced(text, "a", r"new \1") == text.replace("old", "\nnew \\1\n")
    assert replaced(replaced(text, "b", "x"), "b", "x") == replaced(text, "b", "x")


def test_a_document_without_the_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for a"):
        replaced("text", "a", "new")


def entry(blackout: float | None, **others: Any) -> dict[str, Any]:
    """A contestant's summary; without a blackout it never moved."""
    spread = None if blackout is None else {"median": blackout, "least": blackout, "most": blackout}
    moved = blackout is not None
    return {
        "blackout_seconds": spread or {"median": 27.0, "least": 27.0, "most": 27.0},
        "detection_seconds": spread,
        "steering_seconds": spread,
        "packets_lost": {"median": 50, "least": 50, "most": 50},
        "runs": 5,
        "runs_seen": 5 * moved,
        "moves_away": 5 * moved,
        "moves_back": 0,
        "failbacks": 0,
        "failback_lost_packets": 0,
        **others,
    }


def results(ours: float, blip: dict[str, Any]) -> dict[str, Any]:
    cut = {"routekeeper": entry(ours, failbacks=5), "DX script": entry(22.0), "alterNAT": entry(12.0)}
    return {
        "scenarios": [
            {"name": "cut", "title": "cut", "kind": "failure", "contestants": cut},
            {"name": "blip-1", "title": "blip", "kind": "disturbance", "contestants": {"routekeeper": blip}},
        ]
    }


def test_what_was_wanted_is_held_against_what_was_found() -> None:
    good = report.wanted(results(2.4, entry(None)))
    assert [one.holds for one in good] == [True] * 5
    assert [one.found for one in good] == ["2.40 s", "9.2 times", "5.0 times", "0", "0 in 5 failbacks"]
    bad = report.wanted(results(3.5, entry(1.0)))
    assert [one.holds for one in bad] == [False, False, False, False, True]


def test_a_fault_that_was_not_seen_says_so_in_the_table() -> None:
    [row] = [line for line in report.tables(results(2.4, entry(None))).splitlines() if line.startswith("| blip")]
    assert "0 of 5" in row
    unseen = results(2.4, entry(None))
    unseen["scenarios"][0]["contestants"]["DX script"] = entry(None)
    assert "DX script | until mended | — | 0 of 5 | — |" in report.tables(unseen)

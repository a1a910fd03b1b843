"""The closing table of the demonstration."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from lab.demo.screen import summary
from lab.demo.tale import Figures, Tale

WORST = Figures(
    blackout_seconds=123.45,
    detection_seconds=123.45,
    steering_seconds=123.45,
    failback_lost_packets=1234,
    packets_lost=1234,
    packets_sent=12345,
)


@pytest.mark.parametrize("columns", [80, 120])
def test_the_closing_table_is_whole_at_the_usual_widths(columns: int) -> None:
    printed = io.StringIO()

    Console(file=printed, width=columns).print(summary([(Tale("nat", "NAT instance A hangs"), WORST, True)]))

    assert "…" not in printed.getvalue()
    for words in (
        "nat",
        "blackout",
        "to detect",
        "to steer",
        "failback",
        "in all",
        "restarted",
        "1234 of 12345",
        "yes",
    ):
        assert words in printed.getvalue()

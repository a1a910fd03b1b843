"""The operator's page names each code of our own that can stand in history and events."""

from __future__ import annotations

from pathlib import Path

from routekeeper.ec2 import errors
from routekeeper.router import transitions

PAGE = Path(__file__).parents[2] / "docs" / "operator.md"


def test_the_page_lists_the_codes_of_our_own_that_a_change_can_be_refused_with() -> None:
    section = PAGE.read_text().split("## Codes of refusals")[1]
    listed = {line.split("`")[1] for line in section.splitlines() if line.startswith("| `")}
    ours = {errors.TIMEOUT, errors.UNREACHABLE, errors.UNREADABLE, errors.MISREAD, errors.OUTRANKED}
    assert listed == ours | {transitions.OVERTAKEN, transitions.HALTED}

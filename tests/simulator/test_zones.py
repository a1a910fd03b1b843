"""The made-up zone keeps to what Python expects of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lab.simulator.zones import ChangingClocks

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changed_at", "before", "after"),
    [("2026-03-29T01:00:00+00:00", HOUR, 2 * HOUR), ("2026-10-25T01:00:00+00:00", 2 * HOUR, HOUR)],
    ids=["put forward", "put back"],
)
def test_clocks_change_as_in_berlin(changed_at: str, before: timedelta, after: timedelta) -> None:
    changed = datetime.fromisoformat(changed_at).timestamp()
    made_up, real = ChangingClocks(changed, before, after), ZoneInfo("Europe/Berlin")
    for minutes in range(-300, 300):
        at = changed + minutes * 60
        shown = [datetime.fromtimestamp(at, zone) for zone in (made_up, real)]
        assert shown[0].replace(tzinfo=None) == shown[1].replace(tzinfo=None)
        assert shown[0].fold == shown[1].fold
        naive = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
        for fold in (0, 1):
            walls = [naive.replace(tzinfo=zone, fold=fold) for zone in (made_up, real)]
            assert walls[0].utcoffset() == walls[1].utcoffset()

"""The events of a replay, for programs and for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import assert_never

from routekeeper.config.durations import render
from routekeeper_cli.replay.moments import moment
from routekeeper_cli.replay.run import Braked, Event, Foreseen, HealthChange, Moved


def as_json(events: Iterable[Event]) -> Iterator[str]:
    """One object for each event, with its `time`: a target's health, a group's move, or that the brake engages.

    What is only foreseen is left out.
    """
    for event in events:
        if not isinstance(event, Foreseen):
            yield json.dumps(_plain(event))


def as_timeline(events: Iterable[Event]) -> Iterator[str]:
    """One line for each event, with its time first."""
    any_event = False
    for event in events:
        any_event = True
        match event:
            case HealthChange():
                told = f"{event.target} is {event.health.value}: {event.reason}"
            case Moved() | Foreseen():
                told = f"==> {event.group} moves from {event.from_path} to {event.to}: {event.reason}"
            case Braked():
                told = (
                    f"the brake engages at {event.moves} moves within {render(event.per_seconds)}: nothing would be"
                    " moved back before a person acknowledges, who is taken to do so at once"
                )
            case _:
                assert_never(event)
        ahead = "after the trace, if health stays as it is: " if isinstance(event, Foreseen) else ""
        yield f"{moment(event.time):>12}  {ahead}{told}"
    if not any_event:
        yield "Nothing happened: no target got a verdict."


def _plain(event: HealthChange | Moved | Braked) -> dict[str, object]:
    time = round(event.time, 3)
    match event:
        case HealthChange():
            return {"time": time, "target": event.target, "health": event.health.value, "reason": event.reason}
        case Moved():
            return {"time": time, "group": event.group, "from": event.from_path, "to": event.to, "reason": event.reason}
        case Braked():
            return {"time": time, "brake": "engages", "moves": event.moves, "per_seconds": event.per_seconds}
        case _:
            assert_never(event)

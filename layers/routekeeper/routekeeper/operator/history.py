"""History in pages: the newest lines first, and where to go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from routekeeper.operator import report
from routekeeper.operator.outlook import Json
from routekeeper.operator.requests import History
from routekeeper.store import Store
from routekeeper.store.items import place
from routekeeper.telemetry import json_form

ANSWER_OCTETS: Final = 5 * 1024 * 1024
"""Of all lines of history in one answer. Lambda takes 6 MB ("Lambda quotas", AWS Lambda Developer Guide)."""


def page(store: Store, request: History) -> Json:
    """The newest lines that are asked for, as many as fit into an answer.

    `left_out` is how many of them do not fit, `next` the place before which the next page begins. Both are missing if
    there is nothing more.
    """
    found = sorted(_lines(store, request), key=lambda line: line[0], reverse=True)
    asked = found[: request.limit]
    kept = asked[: _fitting([line for _, line in asked])]
    answer: Json = {"events": [line for _, line in kept]}
    if len(kept) < len(asked):
        answer["left_out"] = len(asked) - len(kept)
    if kept and len(kept) < len(found):
        answer["next"] = kept[-1][0]
    return answer


def _lines(store: Store, request: History) -> Iterator[tuple[str, Json]]:
    """Every line that may be on the page, with its place, and of each history one more, to know whether it ends."""
    one_more = request.limit + 1
    for name in request.groups:
        for done in store.transitions(name, one_more, request.before):
            yield place(done.decided_at, done.id), report.transition(done)
    for name in request.restart_groups:
        for event in store.restart_events(name, one_more, request.before):
            yield place(event.at, event.id), report.restart_event(event)


def _fitting(lines: list[Json]) -> int:
    """How many of the lines fit into an answer, from the first on."""
    room = ANSWER_OCTETS
    for count, line in enumerate(lines):
        room -= len(json_form.dumps(line))  # ASCII
        if room < 0:
            return count
    return len(lines)

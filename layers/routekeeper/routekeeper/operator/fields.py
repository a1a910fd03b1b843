"""Reads a payload field by field. Errors name the field, what was found and what is expected."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from routekeeper.config import durations
from routekeeper.config.problems import Rejected, describe
from routekeeper.domain.bounds import LATEST, LONGEST_HOLD_SECONDS
from routekeeper.domain.errors import RequestError
from routekeeper.store import items

LONGEST_TEXT: Final = 500
"""Characters of `by` and `reason`. They are stored with the group, shown and sent to people."""


def refuse(field: str, problem: str) -> RequestError:
    return RequestError(f"{field}: {problem}", field)


def plain_line(field: str, text: str) -> str:
    """The text, stripped, if it is one printable line that is not too long. It may become part of messages.

    Raises:
        RequestError: it is not.
    """
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise refuse(field, f"expected one line of at most {LONGEST_TEXT} characters")
    return text.strip()


class Fields:
    """The fields of one payload. Only `allowed` ones may be there."""

    def __init__(self, payload: Mapping[str, object], allowed: Collection[str]) -> None:
        for key in payload:
            if key not in allowed:
                raise refuse(str(key), f"unknown key; {payload['action']} takes {', '.join(allowed)}")
        self._payload = payload

    def text(self, field: str) -> str | None:
        """A text, or None if the field is missing or null."""
        found = self._payload.get(field)
        if found is None:
            return None
        if not isinstance(found, str) or not found.strip():
            raise refuse(field, f"found {describe(found)}, expected a text")
        return plain_line(field, found)

    def required(self, field: str, why: str) -> str:
        found = self.text(field)
        if found is None:
            raise refuse(field, f"missing; {why}")
        return found

    def one_of(self, field: str, known: Collection[str], what: str) -> str | None:
        found = self.text(field)
        if found is not None and found not in known:
            raise refuse(field, f"found {describe(found)}, expected {what}: {', '.join(known) or 'there is none'}")
        return found

    def flag(self, field: str) -> bool:
        found = self._payload.get(field)
        if found is None:
            return False
        if not isinstance(found, bool):
            raise refuse(field, f"found {describe(found)}, expected true or false")
        return found

    def count(self, field: str, default: int, most: int) -> int:
        found = self._payload.get(field)
        if found is None:
            return default
        if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= most:
            raise refuse(field, f"found {describe(found)}, expected a whole number from 1 to {most}")
        return found

    def place(self, field: str) -> str | None:
        """A place in history: a time with its zone, or what an answer gave as `next`. None if the field is missing."""
        found = self.text(field)
        if found is None:
            return None
        time, _, identifier = found.partition("#")
        moment = _moment(time)
        at = -1.0 if moment is None else moment.timestamp()
        if not 0 <= at < LATEST:
            expected = "expected a time with its zone such as 2026-01-31T18:00:00Z, or `next` of another answer"
            raise refuse(field, f"found {describe(found)}, {expected}")
        return items.place(at, identifier)

    def expiry(self, now: float, default_seconds: float) -> float:
        """The end of a pin or a pause: `for` a duration from now, or `until` a time with its zone."""
        length, end = self._payload.get("for"), self._payload.get("until")
        if length is not None and end is not None:
            raise refuse("until", "found beside `for`, expected one of the two")
        if end is not None:
            return self._until(end, now)
        try:
            seconds = default_seconds if length is None else durations.parse(length)
        except Rejected as err:
            raise refuse("for", str(err)) from err
        if not 0 < seconds <= LONGEST_HOLD_SECONDS:
            longest = durations.render(LONGEST_HOLD_SECONDS)
            raise refuse("for", f"found {describe(length)}, expected more than 0s and at most {longest}")
        return now + seconds

    def _until(self, end: object, now: float) -> float:
        expected = "expected a time with its zone such as 2026-01-31T18:00:00Z"
        moment = _moment(end) if isinstance(end, str) else None
        if moment is None:
            raise refuse("until", f"found {describe(end)}, {expected}")
        at = moment.timestamp()
        if at <= now:
            raise refuse("until", f"{describe(end)} has passed, expected a time to come")
        if at > now + LONGEST_HOLD_SECONDS:
            longest = durations.render(LONGEST_HOLD_SECONDS)
            raise refuse("until", f"{describe(end)} is too far away, expected a time within {longest}")
        return at


def _moment(text: str) -> datetime | None:
    """The time; None if it is none, or has no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment

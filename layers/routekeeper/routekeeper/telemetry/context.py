"""What every log line within a piece of work is about: bound once, where that piece begins.

Each thread has a context of its own and begins with nothing bound, so bind in the function that the thread runs. A
task of asyncio, and a call in `asyncio.to_thread`, begin with what is bound where they are created ("contextvars",
Python's library reference).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_BOUND: Final[ContextVar[Mapping[str, str] | None]] = ContextVar("bound", default=None)


@contextmanager
def bound(**keys: str) -> Iterator[None]:
    """Let every line that is logged meanwhile carry these keys, in addition to what is bound around it."""
    token = _BOUND.set({**(_BOUND.get() or {}), **keys})
    try:
        yield
    finally:
        _BOUND.reset(token)


def carry(record: logging.LogRecord) -> bool:
    """A handler's filter that lets every record through and gives it what is bound; the record's own extras win."""
    if keys := _BOUND.get():
        record.__dict__ = {**keys, **record.__dict__}  # in front: a line says what it is about before it says more
    return True

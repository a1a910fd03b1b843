"""Where the command writes: data to standard output, everything else to standard error."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable
from enum import Enum
from typing import TextIO

from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.quoting import visible, visible_lines


class Form(Enum):
    """The form of the data; the value is what `--output` takes."""

    TABLE = "table"
    """For people."""
    JSON = "json"
    """For programs: one object on a line."""


def put(line: str) -> None:
    """Lines of data, with an escape for each character that would act on a terminal.

    Raises:
        BrokenPipeError: nobody reads it any more.
        ConfigurationError: it cannot be written.
    """
    _write_out(f"{visible_lines(line)}\n")


def put_all(lines: Iterable[str]) -> None:
    """Write lines of data, each as soon as it is there. Raises as `put`, and whatever making the lines raises."""
    for line in lines:
        put(line)


def put_json(value: object) -> None:
    """A value of dictionaries, lists and scalars as one line. Raises as `put`; ValueError for what JSON cannot say."""
    put(json.dumps(value, ensure_ascii=True, allow_nan=False))


def flush() -> None:
    """Write all data while an error can still be told. Raises as `put`."""
    _write_out("")


def note(text: str) -> None:
    """Tell a person something about input that is used anyway."""
    complain(f"NOTE: {text}")


def complain(text: str) -> None:
    """A line on standard error. If that cannot be written either, nobody is left to tell."""
    _write_error(f"{visible_lines(text)}\n")


def complain_of_all(lines: Iterable[str]) -> None:
    """Lines on standard error, each as `complain` has it."""
    for line in lines:
        complain(line)


def tell(text: str) -> None:
    """A sign of life for a person at a terminal: one line, which the next sign replaces."""
    if sys.stderr is not None and sys.stderr.isatty():
        _write_error(f"\r\x1b[K{visible(text)}")


def _write_out(text: str) -> None:
    try:
        try:
            if sys.stdout is None and text:  # closed by whoever started it; then print does nothing
                raise ConfigurationError("standard output: cannot be written: it is closed")
            print(end=text, flush=not text)
        except UnicodeEncodeError:  # a terminal that does not speak UTF-8
            print(end=text.encode("ascii", "backslashreplace").decode())
    except BrokenPipeError:
        _let_go(sys.stdout)
        raise
    except OSError as err:
        _let_go(sys.stdout)
        raise ConfigurationError(f"standard output: cannot be written: {err.strerror or err}") from err


def _write_error(text: str) -> None:
    try:
        print(end=text, file=sys.stderr, flush=True)
    except OSError:
        _let_go(sys.stderr)


def _let_go(stream: TextIO) -> None:
    """Drop the buffer: it would be written at exit, and fail again ("Note on SIGPIPE", module `signal`)."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

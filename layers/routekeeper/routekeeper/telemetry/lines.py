"""Standard output, a whole line at a time. Several threads log and measure at once, and a torn line would be lost."""

from __future__ import annotations

import logging
import sys
import threading

_LOCK = threading.Lock()


def write_line(text: str) -> None:
    """Write a line with its end in one piece."""
    with _LOCK:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


class LineHandler(logging.Handler):
    """A log handler that writes through `write_line`."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            write_line(self.format(record))
        except Exception:  # noqa: BLE001 - a line that cannot be logged must not end what it was about
            self.handleError(record)

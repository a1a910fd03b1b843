"""Structured logs on standard output. The keys are those of Powertools' logger, whose import would take too long.

Every line of a container carries the service and the request ID, whichever thread writes it. What a line is about (the
group, the vantage) is bound where that work begins: see `context`.
"""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from routekeeper.telemetry import json_form
from routekeeper.telemetry.context import carry
from routekeeper.telemetry.lines import LineHandler

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_OF_EVERY_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _JsonLines(logging.Formatter):
    """One JSON object for each record: level, place, message, time, what every line carries, what is bound, extras."""

    def __init__(self) -> None:
        super().__init__()
        self.common: dict[str, str] = {}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.getMessage(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            **self.common,
        }
        line |= {key: value for key, value in vars(record).items() if key not in _OF_EVERY_RECORD}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = self.formatException(record.exc_info)
            line["exception_name"] = record.exc_info[0].__name__
        return json_form.dumps_leniently(line)


_FORMATTER: Final = _JsonLines()


def to_standard_output(service: str) -> None:
    """Write what the package logs as JSON lines with the service's name, and nothing twice."""
    handler = LineHandler()
    handler.setFormatter(_FORMATTER)
    handler.addFilter(carry)
    _FORMATTER.common["service"] = service
    logger = logging.getLogger("routekeeper")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO"))


def name_invocation(context: LambdaContext) -> None:
    """Put the invocation's request ID into every line from now on."""
    _FORMATTER.common["function_request_id"] = context.aws_request_id

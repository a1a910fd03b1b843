"""Structured logs on standard output, in the form of Powertools."""

from __future__ import annotations

import logging
import os
import sys
from typing import Final

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.utilities.typing import LambdaContext

_FORMATTER: Final = LambdaPowertoolsFormatter()


def to_standard_output(service: str) -> None:
    """Write what the package logs as JSON lines with the service's name, and nothing twice."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_FORMATTER)
    _FORMATTER.append_keys(service=service)
    logger = logging.getLogger("routekeeper")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO"))


def name_invocation(context: LambdaContext) -> None:
    """Put the invocation's request ID into every line from now on."""
    _FORMATTER.append_keys(function_request_id=context.aws_request_id)

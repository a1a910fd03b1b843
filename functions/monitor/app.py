"""Entry point of the monitor: probes the targets from one vantage until its successor takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routekeeper.bootstrap.monitor import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

watch = build()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return watch(event, context)

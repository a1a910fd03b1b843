"""Entry point of the monitor: probes the targets from one vantage until its successor takes over."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from routekeeper.bootstrap.monitor import build

watch = build()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return watch(event, context)

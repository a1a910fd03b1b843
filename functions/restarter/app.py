"""Entry point of the restarter: stream records or the tick of the minute, every restart taken further."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from routekeeper.bootstrap.restarter import build

restart = build()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return restart(event, context)

"""Entry point of the router: stream records or the tick of the minute, one pass over the groups."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from routekeeper.bootstrap.router import build

route = build()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return route(event, context)

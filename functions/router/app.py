"""Entry point of the router: stream records, the tick of the minute or an event of AWS start a pass over the groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routekeeper.bootstrap.router import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

route = build()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return route(event, context)

"""Entry point of the restarter: stream records or the tick of the minute start a look at every restart group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routekeeper.bootstrap.restarter import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

restart = build()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return restart(event, context)

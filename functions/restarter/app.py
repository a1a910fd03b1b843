"""Entry point of the restarter: stream records or the tick of the minute, one step of every restart."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from routekeeper import bootstrap

restart = bootstrap.restarter()


@Logger().inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return restart(event, context)

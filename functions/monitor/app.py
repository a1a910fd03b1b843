"""Entry point of the monitor: probes the targets from one vantage until its successor takes over."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from routekeeper import bootstrap

watch = bootstrap.monitor()


@Logger().inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return watch(event, context)

"""Entry point of the operator: a person's request, answered."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from routekeeper.bootstrap.operator import build

answer = build()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return answer(event, context)

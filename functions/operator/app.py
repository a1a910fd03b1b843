"""Entry point of the operator: a person's request, answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routekeeper.bootstrap.operator import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

answer = build()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return answer(event, context)

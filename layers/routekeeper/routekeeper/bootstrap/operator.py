"""The operator, built."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from routekeeper import config
from routekeeper.bootstrap.clients import Clients
from routekeeper.bootstrap.environment import Environment
from routekeeper.operator import Operator, caller_of
from routekeeper.telemetry import logs

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def build() -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    environment = Environment(os.environ)
    logs.to_standard_output("operator")
    operator = Operator(
        Clients().store("operator", environment.table, environment.vantages), config.packaged(), time.time
    )

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        logs.name_invocation(context)
        return operator.answer(event, caller_of(context))

    return handle

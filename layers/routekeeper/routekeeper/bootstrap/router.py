"""The router, built."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from routekeeper import config
from routekeeper.announcing.aws import AwsAnnouncer
from routekeeper.bootstrap import clients, logs, triggers
from routekeeper.bootstrap.environment import Environment
from routekeeper.domain.settings import TgwPrefixList, VpcRoute
from routekeeper.router import Means, Router
from routekeeper.steering.tgw_prefix_list import TgwPrefixListSteering
from routekeeper.steering.vpc_route import VpcRouteSteering
from routekeeper.telemetry import emitter


def build() -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    environment = Environment(os.environ)
    logs.to_standard_output("router")
    ec2 = clients.ec2()
    router = Router(
        config.packaged(),
        Means(
            clients.store("router", environment.table),
            {TgwPrefixList: TgwPrefixListSteering(ec2), VpcRoute: VpcRouteSteering(ec2)},
            AwsAnnouncer(clients.sns(), clients.events(), environment.topic_arn, environment.deployment),
            time.time,
            time.sleep,
            emitter(environment.deployment),
        ),
    )

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        logs.name_invocation(context)
        reports = router.run(context.aws_request_id, triggers.deadline(context))
        return triggers.answer(event, {"groups": [asdict(report) for report in reports]})

    return handle

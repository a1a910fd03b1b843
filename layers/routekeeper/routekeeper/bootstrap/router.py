"""The router, built."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from routekeeper import VERSION, config
from routekeeper.bootstrap import triggers
from routekeeper.bootstrap.announcers import announcer
from routekeeper.bootstrap.clients import Clients
from routekeeper.bootstrap.environment import Environment
from routekeeper.domain.presence import Release
from routekeeper.ec2.steering.kinds import steerers
from routekeeper.router import Dependencies, Noting, Router, notices
from routekeeper.router.presence import tell_pass
from routekeeper.telemetry import json_form, logs
from routekeeper.telemetry.embedded_metrics import emitter

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def build() -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    environment = Environment(os.environ)
    logs.to_standard_output("router")
    clients = Clients()
    configuration, store = config.packaged(), clients.store("router", environment.table, environment.vantages)
    release = Release(VERSION, configuration.digest)
    noting = Noting(configuration, store, time.sleep)
    router = Router(
        configuration,
        Dependencies(
            store,
            steerers(clients.ec2()),
            announcer(clients, environment),
            time.time,
            time.sleep,
            emitter(environment.deployment),
            release,
        ),
    )

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        logs.name_invocation(context)
        if (objection := triggers.objection(event)) is not None:
            return triggers.refuse(objection)
        if triggers.is_stale_tick(event, time.time()) or (notices.is_notice(event) and not noting.take(event)):
            return {"groups": []}
        reports = router.run(triggers.unique_name(context), triggers.deadline(context))
        if triggers.is_tick(event):
            tell_pass(store, release, time.time())
        return triggers.answer(event, {"groups": [json_form.record(report) for report in reports]})

    return handle

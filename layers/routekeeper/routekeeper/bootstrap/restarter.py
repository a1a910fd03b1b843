"""The restarter, built."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from routekeeper import config
from routekeeper.bootstrap import triggers
from routekeeper.bootstrap.announcers import announcer
from routekeeper.bootstrap.clients import Clients
from routekeeper.bootstrap.environment import Environment
from routekeeper.ec2.instances import Ec2Instances
from routekeeper.restarter import Dependencies, Restarter, RestartReport
from routekeeper.telemetry import json_form, logs
from routekeeper.telemetry.embedded_metrics import emitter
from routekeeper.telemetry.measurements import Measurement, Metric, count_untold

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

LOG = logging.getLogger("routekeeper.restarter")


def build() -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    environment = Environment(os.environ)
    logs.to_standard_output("restarter")
    clients = Clients()
    tell = announcer(clients, environment).restart
    store = clients.store("restarter", environment.table, environment.vantages)
    dependencies = Dependencies(store, Ec2Instances(clients.ec2()), tell, time.time, time.sleep)
    restarter = Restarter(config.packaged(), dependencies)
    emit = emitter(environment.deployment)

    def tell_of(report: RestartReport) -> None:
        LOG.info("restart group attended to", extra={"report": json_form.record(report)})
        for _ in report.given_up:
            emit(Measurement(Metric.RESTARTS_GIVEN_UP, 1))
        for _ in range(report.untold):
            count_untold(emit)

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        logs.name_invocation(context)
        if (objection := triggers.objection(event)) is not None:
            return triggers.refuse(objection)
        summary = restarter.run(triggers.deadline(context), tell_of)
        if "Records" not in event:  # a tick may fail aloud; records handed back would only come again
            summary.raise_errors()
        return triggers.answer(event, {"groups": [json_form.record(report) for report in summary.groups]})

    return handle

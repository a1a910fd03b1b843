"""The restarter, built."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from routekeeper import config, json_form
from routekeeper.bootstrap import logs, triggers
from routekeeper.bootstrap.announcers import announcer
from routekeeper.bootstrap.clients import Clients
from routekeeper.bootstrap.environment import Environment
from routekeeper.instances import Ec2Instances
from routekeeper.measurements import Measurement, Metric
from routekeeper.restarter import GroupReport, Means, Restarter
from routekeeper.telemetry import emitter

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

LOG = logging.getLogger("routekeeper.restarter")


def build() -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    environment = Environment(os.environ)
    logs.to_standard_output("restarter")
    clients = Clients()
    tell = announcer(clients, environment).restart
    store = clients.store("restarter", environment.table, environment.vantages)
    means = Means(store, Ec2Instances(clients.ec2()), tell, time.time, time.sleep)
    restarter = Restarter(config.packaged(), means)
    emit = emitter(environment.deployment)

    def tell_of(report: GroupReport) -> None:
        LOG.info("restart group attended to", extra={"report": json_form.record(report)})
        for _ in report.given_up:
            emit(Measurement(Metric.RESTARTS_GIVEN_UP, 1))

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        logs.name_invocation(context)
        summary = restarter.run(triggers.deadline(context), tell_of)
        if "Records" not in event:  # a tick may fail aloud; records handed back would only come again
            summary.raise_errors()
        return triggers.answer(event, {"groups": [json_form.record(report) for report in summary.groups]})

    return handle

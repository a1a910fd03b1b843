"""The announcer of a function. Its clients and messages are imported when there is first something to tell."""

from __future__ import annotations

from routekeeper.announcing import Announcer
from routekeeper.announcing.late import LateAnnouncer
from routekeeper.bootstrap.clients import Clients
from routekeeper.bootstrap.environment import Environment


def announcer(clients: Clients, environment: Environment) -> Announcer:
    topic_arn, deployment = environment.topic_arn, environment.deployment

    def build() -> Announcer:
        from routekeeper.announcing.aws import AwsAnnouncer  # noqa: PLC0415 - no cold start needs it

        return AwsAnnouncer(clients.sns(), clients.events(), topic_arn, deployment)

    return LateAnnouncer(build)

"""One line of a restart group's history."""

from __future__ import annotations

from dataclasses import dataclass

from routekeeper.domain.bounds import Time
from routekeeper.domain.restart import Action, RestartOutcome, UntoldNews


@dataclass(frozen=True, slots=True)
class RestartEvent:
    id: str
    """`<group>-<version>`. It is deterministic, so that recording twice is recording once."""
    group: str
    target: str
    instance: str
    at: Time
    outcome: RestartOutcome
    reason: str
    action: Action | None = None


def untold(event: RestartEvent) -> UntoldNews:
    """The event as the group's item keeps it until it is told."""
    return UntoldNews(event.id, event.target, event.instance, event.at, event.outcome, event.reason, event.action)


def event_of(group: str, news: UntoldNews) -> RestartEvent:
    return RestartEvent(news.id, group, news.target, news.instance, news.at, news.outcome, news.reason, news.action)

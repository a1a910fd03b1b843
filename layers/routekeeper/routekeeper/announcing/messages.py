"""What people read at night: what happened, from where to where, why, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, assert_never

from routekeeper.domain.brake import Engagement
from routekeeper.domain.group_state import RouteChange, Transition, TransitionKind
from routekeeper.domain.restart import RestartOutcome
from routekeeper.domain.restart_event import RestartEvent

SUBJECT_LIMIT: Final = 99
"""SNS takes subjects of fewer than 100 ASCII characters without line breaks (SNS API reference, Publish)."""


OUTCOMES: Final = {
    RestartOutcome.BEGUN: "restart begun",
    RestartOutcome.PROGRESS: "restart goes on",
    RestartOutcome.RECOVERED: "restart succeeded",
    RestartOutcome.FAILED: "restart failed",
    RestartOutcome.STUCK: "instance does not stop",
    RestartOutcome.GAVE_UP: "restarts given up",
    RestartOutcome.ABANDONED: "restart abandoned",
}
"""What an outcome is called in a headline."""


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    body: str


def of_transition(transition: Transition, deployment: str) -> Message:
    lines = [
        _headline(transition),
        "",
        f"Why: {transition.reason}",
        *_asked(transition),
        f"When: {_time(transition.decided_at)}",
        *_speed(transition),
        "Routes:",
        *(f"  {_change(change)}" for change in transition.changes),
        *(() if transition.changes else ("  none left to change",)),
        "",
        f"Event {transition.id} of deployment {deployment}.",
    ]
    return Message(_subject(f"[{deployment}] {_headline(transition)}"), "\n".join(lines))


def of_engagement(engagement: Engagement, deployment: str) -> Message:
    headline = f"the brake has engaged: {engagement.limit} moves within {engagement.per_seconds:.0f} s"
    lines = [
        headline,
        "",
        "Nothing is moved back any more, and no drift put right unless traffic is lost where it leads.",
        "An UNHEALTHY path is left for a HEALTHY one as ever.",
        "What now: look why so much was moved; then invoke the operator function with the action acknowledge.",
        f"When: {_time(engagement.engaged_at)}",
        "Moves:",
        *(f"  {_time(one.at)}  {one.transition}" for one in engagement.moves),
        "",
        f"Deployment {deployment}. See the runbook, brake.",
    ]
    return Message(_subject(f"[{deployment}] {headline}"), "\n".join(lines))


def of_restart(event: RestartEvent, deployment: str) -> Message:
    headline = f"{OUTCOMES[event.outcome]}: {event.target} ({event.instance})"
    lines = [headline, "", f"Why: {event.reason}", f"When: {_time(event.at)}"]
    if event.outcome is RestartOutcome.GAVE_UP:
        lines.append("What now: nothing more is tried; the instance needs a person.")
    if event.outcome is RestartOutcome.STUCK:
        lines.append("What now: the stop is forced again and again; see the runbook, restart-given-up.")
    lines += ["", f"Event {event.id} of deployment {deployment}."]
    return Message(_subject(f"[{deployment}] {headline}"), "\n".join(lines))


def _headline(transition: Transition) -> str:
    group, to = transition.group, transition.to_path
    failed = sum(change.refusal is not None for change in transition.changes)
    unfinished = f", {failed} of {len(transition.changes)} routes not yet" if failed else ""
    match transition.kind:
        case TransitionKind.FAILOVER | TransitionKind.FAILBACK | TransitionKind.MANUAL:
            return f"{transition.kind.value} of {group}: {transition.from_path} -> {to}{unfinished}"
        case TransitionKind.INITIAL:
            return f"{group} put on {to}{unfinished}"
        case TransitionKind.DRIFT:
            return f"drift of {group} put right: back on {to}{unfinished}"
        case TransitionKind.COMPLETION:
            return f"move of {group} to {to} completed{unfinished}"
        case _:
            assert_never(transition.kind)


def _asked(transition: Transition) -> Iterator[str]:
    if transition.asked is not None:
        identity = f" ({transition.asked.identity})" if transition.asked.identity else ""
        yield f"Asked by: {transition.asked.by}{identity}, {_time(transition.asked.at)}"


def _speed(transition: Transition) -> Iterator[str]:
    if transition.detection_seconds is not None and transition.first_loss_at is not None:
        yield f"First loss: {_time(transition.first_loss_at)}"
        yield f"Detected: {transition.detection_seconds:.2f} s after it"
    if transition.steering_seconds is not None:
        since = "the verdict" if transition.verdict_at is not None else "the decision"
        yield f"Routes in place: {transition.steering_seconds:.2f} s after {since}"


def _change(change: RouteChange) -> str:
    ending = f"  FAILED: {change.refusal}" if change.refusal is not None else ""
    return f"{change.resource}: {change.before} -> {change.after}{ending}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-4] + " UTC"


def _subject(text: str) -> str:
    plain = text.encode("ascii", "replace").decode().replace("\n", " ")
    return plain if len(plain) <= SUBJECT_LIMIT else f"{plain[: SUBJECT_LIMIT - 3]}..."

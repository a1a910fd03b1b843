"""What people read at night: what happened, from where to where, why, and how fast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, assert_never

from routekeeper.announcing.fitting import MOST_OCTETS, Headline, cut_reason, how_many_fit, octets, subject
from routekeeper.domain.brake import Engagement
from routekeeper.domain.group_state import RouteChange, Transition, TransitionKind
from routekeeper.domain.restart import RestartOutcome
from routekeeper.domain.restart_event import RestartEvent

OUTCOMES: Final = {
    RestartOutcome.BEGUN: "restart begun",
    RestartOutcome.PROGRESS: "restart goes on",
    RestartOutcome.RECOVERED: "restart succeeded",
    RestartOutcome.FAILED: "restart failed",
    RestartOutcome.STUCK: "instance does not stop",
    RestartOutcome.GAVE_UP: "restarts given up",
    RestartOutcome.ABANDONED: "restart abandoned",
    RestartOutcome.NOT_STARTED: "instance does not start",
    RestartOutcome.RUNS_AGAIN: "instance runs again",
}
"""What an outcome is called in a headline."""


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    body: str


def of_transition(transition: Transition, deployment: str) -> Message:
    """The message always has the counts of routes. If there are too many for one message, it lists only the first."""
    headline = _headline(transition)
    before = [
        str(headline),
        "",
        f"Why: {cut_reason(transition.reason)}",
        *_asked(transition),
        f"When: {_time(transition.decided_at)}",
        *_speed(transition),
        *_traffic(transition),
        "Routes:",
    ]
    after = ["", f"Event {transition.id} of deployment {deployment}."]
    room = MOST_OCTETS - octets("\n".join((*before, *after)))
    return Message(subject(deployment, headline), "\n".join((*before, *_routes(transition.changes, room), *after)))


def of_engagement(engagement: Engagement, deployment: str) -> Message:
    headline = Headline(f"the brake has engaged: {engagement.limit} moves within {engagement.per_seconds:.0f} s")
    lines = [
        str(headline),
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
    return Message(subject(deployment, headline), "\n".join(lines))


def of_restart(event: RestartEvent, deployment: str) -> Message:
    headline = Headline(f"{OUTCOMES[event.outcome]}: {{}} ({{}})", (event.target, event.instance))
    lines = [str(headline), "", f"Why: {cut_reason(event.reason)}", f"When: {_time(event.at)}"]
    if event.outcome is RestartOutcome.GAVE_UP:
        lines.append("What now: nothing more is tried; the instance needs a person.")
    if event.outcome is RestartOutcome.STUCK:
        lines.append("What now: the stop is forced again and again; see the runbook, restart-given-up.")
    if event.outcome is RestartOutcome.NOT_STARTED:
        lines.append(
            "What now: the start is asked for again and again, ever slower; see the runbook, restart-given-up."
        )
    lines += ["", f"Event {event.id} of deployment {deployment}."]
    return Message(subject(deployment, headline), "\n".join(lines))


def _headline(transition: Transition) -> Headline:
    group, to, failed = transition.group, transition.to_path, _failed(transition.changes)
    unfinished = f", {failed} of {len(transition.changes)} routes not yet" if failed else ""
    refused = _is_refused(transition)
    if refused:
        unfinished = ", refused by EC2"
    match transition.kind:
        case TransitionKind.FAILOVER | TransitionKind.FAILBACK | TransitionKind.MANUAL:
            move = "manual move" if transition.kind is TransitionKind.MANUAL else transition.kind.value
            return Headline(f"{move} of {{}}: {{}} -> {{}}{unfinished}", (group, transition.from_path or "no path", to))
        case TransitionKind.INITIAL:
            return Headline(f"{{}} {'not ' if refused else ''}put on {{}}{unfinished}", (group, to))
        case TransitionKind.DRIFT:
            return Headline(
                f"drift of {{}} {'stays: not' if refused else 'put right:'} back on {{}}{unfinished}", (group, to)
            )
        case TransitionKind.COMPLETION:
            return Headline(f"move of {{}} to {{}} {'goes on' if failed else 'completed'}{unfinished}", (group, to))
        case _:
            assert_never(transition.kind)


def _is_refused(transition: Transition) -> bool:
    """Whether EC2 has taken nothing of it, and will not until somebody changes something."""
    refusals = [change.refusal for change in transition.changes]
    never_applied = transition.applied_at is None and bool(refusals)
    return never_applied and all(refusal is not None and refusal.final for refusal in refusals)


def _asked(transition: Transition) -> Iterator[str]:
    if transition.asked is not None:
        identity = f" ({transition.asked.identity})" if transition.asked.identity else ""
        yield f"Asked by: {transition.asked.by}{identity}, {_time(transition.asked.at)}"
    if transition.forced:
        yield "Forced: carried out whatever the health of the path"


def _speed(transition: Transition) -> Iterator[str]:
    if transition.detection_seconds is not None and transition.first_loss_at is not None:
        yield f"First loss: {_time(transition.first_loss_at)}"
        yield f"Detected: {transition.detection_seconds:.2f} s after it"
    failed = _failed(transition.changes)
    if transition.steering_seconds is not None and not (failed and failed == len(transition.changes)):
        since = "the verdict" if transition.verdict_at is not None else "the decision"
        which = "Other routes" if failed else "Routes"
        yield f"{which} in place: {transition.steering_seconds:.2f} s after {since}"


def _traffic(transition: Transition) -> Iterator[str]:
    """Where it is, unless that is where it was to be."""
    traffic = transition.traffic
    if traffic is None or traffic.is_all_on(transition.to_path):
        return
    if not _is_refused(transition):
        yield f"Traffic is on: {traffic}; wanted is {transition.to_path}"
        return
    yield f"Traffic is on: {traffic}; it was to go to {transition.to_path}"
    yield "What now: see what EC2 says of the routes, mend that, and acknowledge; see the runbook, steering-failure."


def _routes(changes: Sequence[RouteChange], room: int) -> Iterator[str]:
    """A line for each route, as many as fit into so many octets, and how many more there are."""
    lines = [f"  {_change(change)}" for change in changes] or ["  none left to change"]
    fitting = how_many_fit(lines, room)
    yield from lines[:fitting]
    if left := changes[fitting:]:
        yield f"  and {len(left)} more, of which {_failed(left)} FAILED: this message has no room for them"


def _failed(changes: Sequence[RouteChange]) -> int:
    return sum(change.refusal is not None for change in changes)


def _change(change: RouteChange) -> str:
    ending = f"  FAILED: {change.refusal}" if change.refusal is not None else ""
    return f"{change.resource}: {change.before} -> {change.after}{ending}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-4] + " UTC"

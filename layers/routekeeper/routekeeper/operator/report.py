"""Status and history as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from routekeeper.domain.barring import Bar
from routekeeper.domain.errors import ItemError
from routekeeper.domain.group_state import Asker, GroupState, Intent, Pause, Pin, ReturnRequest, RouteChange, Transition
from routekeeper.domain.presence import Pass
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.restart import OwedStart, RestartBar, RestartState
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.routes import Traffic
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.signals import Signal, probed_by
from routekeeper.operator.failback import damping, failback
from routekeeper.operator.moments import iso, iso_or_none
from routekeeper.operator.outlook import Json, outlook
from routekeeper.operator.scene import Scene


def group_status(group: Group, state: GroupState, scene: Scene) -> Json:
    view = scene.view(group, state)
    return {
        "path": state.path,
        "traffic": _traffic(state.traffic),
        "preferred": group.paths[0].name,
        "since": iso_or_none(state.since),
        "reason": state.reason,
        "paths": {
            path.name: {
                **_path(path, view.health[path.name], scene),
                "damping": damping(group, state, path, scene.now),
                "bar": _bar(state.memory(path.name).bar, scene.now),
            }
            for path in group.paths
        },
        "failback": failback(group.failback, scene.now),
        **holds(state, scene.now),
        "drifted": list(state.drifted),
        "routes": [{"resource": route.resource, "on": route.on} for route in state.routes],
        "routes_at": iso_or_none(state.routes_at),
        "pending": None if state.pending is None else transition(state.pending),
        "next": outlook(view, scene.braked),
        "intents": [_intent(intent) for intent in state.intents],
    }


def holds(state: GroupState, now: float) -> Json:
    """The operators' requests on the group that are in force."""
    return {
        "pin": _hold(state.pinned_at(now)),
        "pause": _hold(state.paused_at(now)),
        "returning": _hold(state.returning_at(now)),
    }


def vantages(scene: Scene) -> Json:
    return {
        **{item.vantage: {"error": item.why} for item in scene.board.unreadable if item.target is None},
        **_heartbeats(scene),
    }


def _heartbeats(scene: Scene) -> Json:
    return {
        name: {
            "heartbeat_at": iso_or_none(vantage.heartbeat_at),
            "age_seconds": round(scene.now - vantage.heartbeat_at, 3),
            "stale": name not in scene.fresh,
            "suspected": name in scene.suspected,
            "version": vantage.release.version,
            "configuration": vantage.release.configuration,
        }
        for name, vantage in sorted(scene.board.vantages.items())
    }


def functions(passes: Iterable[Pass], now: float) -> Json:
    """When each function that tells it has last ended a pass over everything, and what it runs."""
    return {
        ended.function: {
            "passed_at": iso_or_none(ended.at),
            "age_seconds": round(now - ended.at, 3),
            "version": ended.release.version,
            "configuration": ended.release.configuration,
        }
        for ended in passes
    }


def restart_status(state: RestartState) -> Json:
    active = state.active
    return {
        "active": None
        if active is None
        else {
            "target": active.target,
            "instance": active.instance,
            "phase": active.phase.value,
            "phase_since": iso(active.phase_since),
            "started_at": iso(active.started_at),
            "attempt": active.attempt,
        },
        "given_up": sorted(state.given_up),
        "barred": {target: _restart_bar(bar) for target, bar in sorted(state.barred.items())},
        "owed": [_owed(start) for start in sorted(state.owed.values(), key=lambda start: start.next_at)],
        "attempts": {target: [iso(at) for at in ats] for target, ats in sorted(state.attempts.items())},
    }


def _restart_bar(bar: RestartBar) -> Json:
    return {
        "instance": bar.instance,
        "since": iso(bar.since),
        "until": iso_or_none(bar.until),
        "reason": bar.reason,
    }


def _owed(start: OwedStart) -> Json:
    refusal = start.refusal
    return {
        "target": start.target,
        "instance": start.instance,
        "since": iso(start.since),
        "next_at": iso(start.next_at),
        "tries": start.tries,
        "error": None if refusal is None else refusal.words,
        "code": None if refusal is None else refusal.code,
    }


def brake_status(scene: Scene) -> Json | None:
    """The brake; None if there is none. While it is engaged, the moves are those that engaged it, however long ago."""
    rule, ledger = scene.configuration.brake, scene.ledger
    if rule is None or ledger is None:
        return None
    if isinstance(ledger, ItemError):
        return {"error": str(ledger)}
    moves = ledger.moves if ledger.engaged_at is not None else ledger.recent(rule, scene.now)
    return {
        "moves": len(moves),
        "limit": rule.moves,
        "per_seconds": rule.per_seconds,
        "engaged_since": iso_or_none(ledger.engaged_at),
        "counted": [{"transition": one.transition, "at": iso(one.at)} for one in moves],
        "acknowledged": None if ledger.acknowledged is None else _asked(ledger.acknowledged),
    }


def transition(event: Transition) -> Json:
    return {
        "type": "transition",
        "id": event.id,
        "at": iso(event.decided_at),
        "group": event.group,
        "kind": event.kind.value,
        "from": event.from_path,
        "to": event.to_path,
        "reason": event.reason,
        "asked": None if event.asked is None else _asked(event.asked),
        "first_loss_at": iso_or_none(event.first_loss_at),
        "verdict_at": iso_or_none(event.verdict_at),
        "applied_at": iso_or_none(event.applied_at),
        "detection_seconds": _rounded(event.detection_seconds),
        "steering_seconds": _rounded(event.steering_seconds),
        "traffic": _traffic(event.traffic),
        "changes": [_change(change) for change in event.changes],
    }


def restart_event(event: RestartEvent) -> Json:
    return {
        "type": "restart",
        "id": event.id,
        "at": iso(event.at),
        "restart_group": event.group,
        "target": event.target,
        "instance": event.instance,
        "outcome": event.outcome.value,
        "action": None if event.action is None else event.action.value,
        "reason": event.reason,
    }


def _change(change: RouteChange) -> Json:
    refusal = change.refusal
    told = {"resource": change.resource, "before": change.before, "after": change.after}
    if refusal is None:
        return {**told, "error": None}
    return {**told, "error": refusal.words, "code": refusal.code, "about": refusal.about.value, "final": refusal.final}


def _traffic(traffic: Traffic | None) -> Json | None:
    return None if traffic is None else {"paths": list(traffic.paths), "astray": traffic.astray}


def _path(path: Path, verdict: Verdict, scene: Scene) -> Json:
    return {
        "health": verdict.health.value,
        "since": iso_or_none(verdict.since),
        "reason": verdict.reason,
        "target": path.target,
        "votes": {} if path.target is None else _votes(path.target, scene),
        "signals": [_signal(signal, path, scene) for signal in scene.signals_about(path)],
    }


def _bar(bar: Bar | None, now: float) -> Json | None:
    """What EC2 said when it refused the path; None if it takes it, as far as is known."""
    if bar is None:
        return None
    return {
        "code": bar.code,
        "says": bar.words,
        "since": iso(bar.since),
        "refused_at": iso(bar.refused_at),
        "refusals": bar.refusals,
        "next_try_at": iso(bar.next_try_at),
        "holds": bar.holds(now),
    }


def _signal(signal: Signal, path: Path, scene: Scene) -> Json:
    return {
        "resource": signal.resource,
        "kind": signal.kind.value,
        "says": signal.words,
        "at": iso(signal.at),
        "from": iso(max(signal.at, signal.starts_at)),
        "until": iso(signal.over_at(probed_by(scene.configuration, path, signal.resource))),
        "upcoming": scene.now < signal.starts_at,
    }


def _votes(target: str, scene: Scene) -> Json:
    """What each vantage holds, and whether its vote counts: not if the vantage is stale or suspected (law 5).

    A vote that cannot be read is an error in its place. One from the future does not count.
    """
    unreadable = {item.vantage: {"error": item.why} for item in scene.board.unreadable if item.target == target}
    return unreadable | {
        vantage: {
            "health": held[target].health.value,
            "since": iso_or_none(held[target].since),
            "reason": held[target].reason,
            "address": held[target].address,
            "counts": target in scene.fresh.get(vantage, {}) and vantage not in scene.suspected,
        }
        for vantage, held in sorted(scene.board.health.items())
        if target in held
    }


def _hold(hold: Pin | Pause | ReturnRequest | None) -> Json | None:
    if hold is None:
        return None
    told: Json = {"until": iso(hold.expires_at), **_asked(hold.asked)}
    if isinstance(hold, Pin):
        told = {"path": hold.path, **told}
    return told if isinstance(hold, Pause) else {**told, "forced": hold.forced}


def _asked(asked: Asker) -> Json:
    return {"by": asked.by, "at": iso(asked.at), "reason": asked.reason, "identity": asked.identity}


def _intent(intent: Intent) -> Json:
    return {"action": intent.action, "what": intent.what, **_asked(intent.asked)}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)

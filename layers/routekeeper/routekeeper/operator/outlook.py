"""What the router would do next, computed by its own decision on what is known now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never

from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Decision, Move, Stay
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.remembering import moved
from routekeeper.domain.settings import Group
from routekeeper.domain.view import View
from routekeeper.operator.moments import iso, iso_or_none

Json = dict[str, Any]


def outlook(view: View, braked: str | None = None) -> Json:
    """The decision that the next pass would take if the routes are where they should be.

    While a pin or a pause is in force, `then` is the decision at its end if health stays as it is. `braked` says why
    moves that can wait are held, if they are.
    """

    def foreseen(view: View) -> Decision:
        decision = decide(view)
        return decision if braked is None else _held(decision, view.state, braked)

    state, now = view.state, view.now
    decision = foreseen(view)
    told = _told(decision, state)
    ends = [hold.expires_at for hold in (state.pinned_at(now), state.paused_at(now)) if hold is not None]
    if ends:
        end = min(ends)
        later = moved(state, decision, now) if isinstance(decision, Move) else state
        told["then"] = {"at": iso(end), **_told(foreseen(replace(view, state=later, now=end)), later)}
    return told


def headline(group: Group, state: GroupState, now: float, told: Json) -> str:
    """The outlook in one sentence."""
    if told["action"] == "move":
        origin = f" from {told['from']}" if told["from"] else ""
        sentence = f"moving {group.name}{origin} to {told['to']}"
    else:
        sentence = f"{group.name} stays on {state.path or 'what its routes are on'}: {told['reason']}"
    if state.traffic is not None and not state.traffic.is_all_on(state.path):
        sentence += f"; its traffic is on {state.traffic}"
    pin, pause = state.pinned_at(now), state.paused_at(now)
    if pin is not None:
        sentence += f"; pinned to {pin.path} until {iso(pin.expires_at)}"
    if pause is not None:
        sentence += f"; paused until {iso(pause.expires_at)}"
    return sentence


def _held(decision: Decision, state: GroupState, braked: str) -> Decision:
    """What becomes of the decision while moves that can wait are held."""
    match decision:
        case Move(brakable=True):
            return Stay(f"{decision.reason}, but {braked}")
        case Stay() if decision.due_at is not None:
            return replace(decision, reason=f"{decision.reason}; then {braked}", due_at=None)
        case Stay() if state.drifted:
            drifted = " and ".join(state.drifted)
            return replace(decision, reason=f"{decision.reason}; some routes are on {drifted}, {braked}")
        case _:
            return decision


def _told(decision: Decision, state: GroupState) -> Json:
    match decision:
        case Move():
            return {
                "action": "move",
                "from": state.path,
                "to": decision.to,
                "kind": decision.kind.value,
                "reason": decision.reason,
            }
        case Stay():
            told: Json = {"action": "stay", "reason": decision.reason, "no_healthy_path": decision.stranded}
            return told if decision.due_at is None else {**told, "failback_at": iso_or_none(decision.due_at)}
        case _:
            assert_never(decision)

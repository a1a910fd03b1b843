"""The use case: read, check, record, answer. Only the router moves routes; it wakes when the group's item changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from routekeeper.domain import brake
from routekeeper.domain.brake import Ledger
from routekeeper.domain.errors import ItemError, RequestError, RoutekeeperError, VersionConflict
from routekeeper.domain.group_state import Asker, GroupState
from routekeeper.domain.settings import Configuration
from routekeeper.operator import history, report
from routekeeper.operator.caller import NOBODY, Caller
from routekeeper.operator.moments import iso
from routekeeper.operator.outlook import Json, headline, outlook
from routekeeper.operator.requests import Acknowledge, GroupRequest, History, Request, Status, parse
from routekeeper.operator.scene import Scene, scene
from routekeeper.operator.wishes import grant, without_bars
from routekeeper.store import Store

SAVE_ATTEMPTS: Final = 5
"""Tries to load and save one group before a request is refused. The router saves a few times in a transition."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Answers people's requests. `clock` gives seconds since the epoch."""

    store: Store
    configuration: Configuration
    clock: Callable[[], float]

    def answer(self, payload: object, caller: Caller = NOBODY) -> Json:
        """The answer to one payload: `ok` true, or `ok` false with an `error` if the request was at fault.

        Raises:
            StoreError: the table could not be read or written. The request may be repeated.
        """
        action = payload.get("action") if isinstance(payload, dict) else None
        try:
            request = parse(payload, self.configuration, caller, self.clock())
            return {"ok": True, "action": action, **self._carry_out(request)}
        except RequestError as err:
            return {"ok": False, "action": action, "error": {"field": err.field, "message": str(err)}}

    def _carry_out(self, request: Request) -> Json:
        match request:
            case Status():
                return self._status(request)
            case History():
                return history.page(self.store, request)
            case GroupRequest():
                return self._change(request)
            case Acknowledge():
                return self._acknowledge(request)
            case _:
                assert_never(request)

    # --- looking

    def _status(self, request: Status) -> Json:
        seen = self._scene()
        return {
            "at": iso(seen.now),
            "brake": report.brake_status(seen),
            "functions": report.functions(self.store.load_passes(), seen.now),
            "groups": {name: self._group_status(name, seen) for name in request.groups},
            "vantages": report.vantages(seen),
            "unreadable": dict(self.store.unreadable()),
            "restarts": {name: self._restart_status(name) for name in self.configuration.restart_groups()},
        }

    def _group_status(self, name: str, seen: Scene) -> Json:
        """The status of one group. If its item is unreadable, it says so, and the others are still shown (law 11)."""
        try:
            return report.group_status(self.configuration.groups[name], self.store.load_group(name), seen)
        except ItemError as err:
            return {"error": str(err)}

    def _restart_status(self, name: str) -> Json:
        try:
            return report.restart_status(self.store.load_restart(name))
        except ItemError as err:
            return {"error": str(err)}

    # --- changing

    def _change(self, change: GroupRequest) -> Json:
        """Change each group by itself. Those that cannot be changed are listed and strand no other (law 11)."""
        if len(change.groups) == 1:
            return {"groups": {change.groups[0]: self._change_group(change, change.groups[0])}}
        groups: Json = {}
        failed: Json = {}
        for name in change.groups:
            try:
                groups[name] = self._change_group(change, name)
            except RoutekeeperError as err:
                failed[name] = str(err)
        if not failed:
            return {"groups": groups}
        message = "not every group was changed: " + "; ".join(f"{name}: {why}" for name, why in failed.items())
        return {"ok": False, "groups": groups, "error": {"field": "group", "message": message}}

    def _change_group(self, change: GroupRequest, name: str) -> Json:
        group = self.configuration.groups[name]
        for _ in range(SAVE_ATTEMPTS):
            seen = self._scene()
            state = self.store.load_group(name)
            wished = grant(change, group, state, seen.view(group, state).health, seen.now)
            if wished == state:
                return self._granted(state, seen, changed=False)
            try:
                return self._granted(self.store.save_group(wished), seen, changed=True)
            except VersionConflict:
                continue  # what was checked may no longer hold: look again
        raise self._overtaken(name, "group")

    def _granted(self, state: GroupState, seen: Scene, *, changed: bool) -> Json:
        group = self.configuration.groups[state.group]
        told = outlook(seen.view(group, state), seen.braked)
        return {
            "changed": changed,
            "message": headline(group, state, seen.now, told),
            "path": state.path,
            **report.holds(state, seen.now),
            "next": told,
        }

    def _acknowledge(self, request: Acknowledge) -> Json:
        """Release the brake, or make it forget the moves so far, and have EC2 asked again for what it has refused."""
        ledger = self._release(request.asked)
        asked_again: Json = {}
        failed: Json = {}
        for name in self.configuration.groups:
            try:
                if barred := self._unbar(name, request.asked):
                    asked_again[name] = barred
            except ItemError as err:  # in trouble alone (law 11)
                failed[name] = str(err)
        return {**_acknowledged(ledger, asked_again), **({"failed": failed} if failed else {})}

    def _release(self, asked: Asker) -> Ledger:
        """The brake's ledger as it was before it was released."""
        for _ in range(SAVE_ATTEMPTS):
            ledger = self.store.load_brake()
            if ledger.engaged_at is None and not ledger.moves:
                return ledger
            try:
                self.store.save_brake(brake.acknowledge(ledger, asked))
            except VersionConflict:
                continue  # a move was counted meanwhile, and is forgotten, too
            return ledger
        raise self._overtaken("it", "brake")

    def _unbar(self, name: str, asked: Asker) -> list[str]:
        """The paths of a group that EC2 had refused, and that it is asked for again."""
        for _ in range(SAVE_ATTEMPTS):
            state = self.store.load_group(name)
            free = without_bars(state, asked)
            if free is state:
                return []
            try:
                self.store.save_group(free)
            except VersionConflict:
                continue
            return sorted(state.refused_paths)
        raise self._overtaken(name, "group")

    def _overtaken(self, name: str, field: str) -> RequestError:
        problem = f"{name} was saved by others {SAVE_ATTEMPTS} times meanwhile; nothing was changed, ask again"
        return RequestError(f"{field}: {problem}", field)

    def _scene(self) -> Scene:
        store = self.store
        return scene(self.configuration, store.load_board(), store.load_signals(), self.clock(), self._ledger())

    def _ledger(self) -> Ledger | ItemError | None:
        """The brake's ledger. If it is unreadable, the rest is still answered (law 11)."""
        try:
            return None if self.configuration.brake is None else self.store.load_brake()
        except ItemError as err:
            return err


def _acknowledged(before: Ledger, asked_again: Json) -> Json:
    forgotten, engaged = len(before.moves), before.engaged_at
    if engaged is not None:
        message = f"the brake, engaged since {iso(engaged)}, is released; {forgotten} of its moves forgotten"
    elif forgotten:
        message = f"the brake was not engaged; {forgotten} of its moves forgotten"
    else:
        message = "the brake is not engaged, and there is no move to forget"
    if asked_again:
        told = "; ".join(f"{group}: {', '.join(paths)}" for group, paths in asked_again.items())
        message += f"; EC2 is asked again for what it had refused ({told})"
    return {
        "changed": bool(engaged is not None or forgotten or asked_again),
        "message": message,
        "released": engaged is not None,
        "forgotten": forgotten,
        "asked_again": asked_again,
    }

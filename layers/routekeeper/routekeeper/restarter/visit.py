"""One look at one restart group: decide, save, ask EC2, tell. It is level-triggered: any step may be repeated."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from routekeeper.domain.candidates import candidate, users
from routekeeper.domain.errors import Ec2Error, ItemError, RoutekeeperError, VersionConflict
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import Health
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.restart import (
    Action,
    Active,
    Candidate,
    InstanceState,
    NextStep,
    RestartOutcome,
    RestartState,
    Step,
    Wait,
    begin,
    looked,
    unless_gone,
)
from routekeeper.domain.restart_course import advance, refused, withdraw
from routekeeper.domain.restart_event import RestartEvent, event_of, untold
from routekeeper.domain.restart_owed import attend, refused_again
from routekeeper.domain.settings import Configuration, Target
from routekeeper.domain.signals import with_signals
from routekeeper.domain.verdicts import Verdicts
from routekeeper.restarter.dependencies import Dependencies

LOG = logging.getLogger("routekeeper.restarter")

MOST_UNTOLD: Final = 10
"""News of a group that are kept to be told later: the newest."""
TELLER_SECONDS: Final = 30.0
"""How long others leave news to the invocation that saved it: longer than its calls to EC2 and its messages take."""
FORGET_SECONDS: Final = 3600.0
"""News older than this is no longer told. It stands in history."""


@dataclass(slots=True)
class Visit:
    """One look, and what came of it."""

    configuration: Configuration
    group: str
    targets: tuple[Target, ...]
    dependencies: Dependencies
    events: list[RestartEvent] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    untold: int = 0
    """Events that people could not be told."""
    failed: bool = False
    """Whether the table, or a bug, ended the look."""
    state: RestartState | None = None
    """The group's state as it was last read or saved."""
    seen: InstanceState | None = None
    """The state of the instance that is being restarted, as it was last read."""
    paused: bool = False
    """Whether an operator has paused the restart that is under way."""

    def run(self, *, first: bool = False) -> str:
        """Take the group as far as it goes without waiting. Returns what was done last, or what it waits for.

        `first`: it is the invocation's first look at the group, so what is not believed is logged.

        Raises:
            VersionConflict: another invocation is attending to the group. Nothing more was done.
            StoreError: the table did not answer, or holds something unreadable.
            Ec2Error: the instance's state could not be read.
        """
        self.state = state = self.dependencies.store.load_restart(self.group)
        verdicts = self._verdicts(state, first=first)
        seen = looked(state, self._candidates(state.active, verdicts), self.dependencies.clock())
        if seen != state:
            self.state = state = self.dependencies.store.save_restart(seen)
        while True:
            decision = self._decide(state, verdicts)
            level = logging.DEBUG if isinstance(decision, Wait) else logging.INFO
            LOG.log(level, "decided", extra={"decision": decision})
            if isinstance(decision, Wait):
                return decision.reason
            self.state = state = self._take(state, decision)
            # A restart that has ended makes room for the next one at once; a step of one needs time to show.
            if state.active is not None:
                return decision.reason

    def start_owed(self, instance: str) -> str:
        """See to one instance whose start is owed. Returns what was done, or what it waits for.

        Raises:
            VersionConflict, StoreError, Ec2Error: as `run` does.
        """
        self.state = state = self.dependencies.store.load_restart(self.group)
        if (start := state.owed.get(instance)) is None:
            return f"{instance} is no longer owed a start"
        seen = self.dependencies.instances.state(instance)
        decision = attend(state, start, self._pause_of(start.target), seen, self.dependencies.clock())
        LOG.log(logging.DEBUG if isinstance(decision, Wait) else logging.INFO, "decided", extra={"decision": decision})
        if isinstance(decision, Step):
            self.state = self._take(state, decision)
        return decision.reason

    # --- deciding

    def _verdicts(self, state: RestartState, *, first: bool) -> Verdicts:
        """The probes' verdict on each target and, if a decision depends on it, the router's verdict on each path.

        What AWS says of an instance restarts nothing. But it keeps the router from sending traffic there, and traffic
        that has no other way for this reason need not leave first (law 8).
        """
        now, board = self.dependencies.clock(), self.dependencies.store.load_board()
        for item in board.ahead(now) if first else ():
            LOG.warning("item of the board not believed", extra=asdict(item))
        verdicts = Verdicts(board.verdicts(self.configuration, now))
        if state.active is None and not any(_has_failed(target, verdicts) for target in self.targets):
            return verdicts
        return with_signals(self.configuration, verdicts.targets, self.dependencies.store.load_signals(), now)

    def _decide(self, state: RestartState, verdicts: Verdicts) -> NextStep:
        candidates = self._candidates(state.active, verdicts)
        if (active := state.active) is None:
            return self._begin(state, candidates)
        self.seen = instance = self.dependencies.instances.state(active.instance)
        mine = (p for p in candidates if (p.target, p.instance) == (active.target, active.instance))
        if (configured := next(mine, None)) is None:
            return withdraw(state, active, instance, self.dependencies.clock())
        self.paused = configured.paused is not None
        return advance(state, active, configured, instance, self.dependencies.clock())

    def _begin(self, state: RestartState, candidates: tuple[Candidate, ...]) -> NextStep:
        """No restart begins before the instance's state is known. Without it, none could be brought to its end."""
        decision = begin(state, candidates, self.dependencies.clock())
        if isinstance(decision, Wait) or decision.outcome is not RestartOutcome.BEGUN:
            return decision
        self.seen = seen = self.dependencies.instances.state(decision.instance)
        return unless_gone(state, decision, seen, self.dependencies.clock())

    def _pause_of(self, name: str) -> str | None:
        """Why an operator wants no action on the target, if there is a pause. Unreadable groups are left out."""
        target = next((target for target in self.targets if target.name == name), None)
        if target is None:
            return None
        known = candidate(self.configuration, target, self._states(target), Verdicts({}), self.dependencies.clock())
        return None if known is None else known.paused

    def _candidates(self, active: Active | None, verdicts: Verdicts) -> tuple[Candidate, ...]:
        now = self.dependencies.clock()
        found = (
            candidate(self.configuration, target, self._users(target, active, verdicts), verdicts, now)
            for target in self.targets
        )
        return tuple(known for known in found if known is not None)

    def _users(self, target: Target, active: Active | None, verdicts: Verdicts) -> dict[str, GroupState]:
        """The failover groups that use the target, if a decision depends on them. Unreadable ones are left out.

        Raises:
            StoreError: the table did not answer. Everything waits for the next look: the group may be paused (law 6).
        """
        if not _has_failed(target, verdicts) and (active is None or active.target != target.name):
            return {}
        return self._states(target)

    def _states(self, target: Target) -> dict[str, GroupState]:
        states: dict[str, GroupState] = {}
        for group in users(self.configuration, target):
            try:
                states[group.name] = self.dependencies.store.load_group(group.name)
            except ItemError as error:
                self._report(f"{target.name} is judged without group {group.name}: {error}")
        return states

    # --- acting

    def _take(self, before: RestartState, step: Step) -> RestartState:
        """Save, then ask EC2, then tell.

        A repetition is saved, too, although nothing has changed. So an invocation that is late loses the race for the
        version, instead of stopping an instance that another one has just started.

        News is saved as untold with the step that makes it. Otherwise nobody would tell what is saved by an invocation
        that does not hear of it, or dies.
        """
        recorded = step.state != before and not step.quiet
        event = _event(before, step, self.dependencies.clock()) if recorded else None
        news = event if event is not None and event.outcome is not RestartOutcome.PROGRESS else None
        saved = step.state if news is None else _with_news(step.state, news)
        self.state = state = self.dependencies.store.save_restart(saved, event)
        if event is not None:
            self.events.append(event)
        refusal = None if step.action is None else self._ask(step.instance, step.action)
        told = frozenset({news.id} if news is not None and self._tell(news) else ())
        settled = _without(state, told)
        following = None if refusal is None else self._after(settled, step, refusal)
        if following is not None:
            return self._take(settled, following)
        return self._settle(state, told) if told else state

    def _ask(self, instance: str, action: Action) -> Refusal | None:
        """Ask EC2. The step is saved, so that a later look repeats what was refused."""
        try:
            self.dependencies.instances.act(instance, action)
        except Ec2Error as error:
            self._report(str(error))
            return error.refusal
        return None

    def _after(self, state: RestartState, step: Step, refusal: Refusal) -> Step | None:
        if (start := state.owed.get(step.instance)) is not None:
            return refused_again(state, start, refusal)
        if (active := state.active) is None or step.action is None:
            return None
        target = self.configuration.targets.get(active.target)
        policy = None if target is None else target.restart
        return refused(state, active, policy, (step.action, refusal), self.seen, self.dependencies.clock())

    def tell_again(self, until: float) -> str:
        """Tell what was not told before, until so late. What is older than an hour stands in history only.

        A save comes first. Who cannot save would tell the same in each invocation, and two may be at it.

        Raises:
            VersionConflict, StoreError: as `run` does. What was told may be told once more.
        """
        self.state = state = self.dependencies.store.load_restart(self.group)
        began = self.dependencies.clock()
        due = tuple(news for news in state.untold if began - news.at >= TELLER_SECONDS)
        if not due:
            return "news is left to who has saved it"
        self.state = state = self.dependencies.store.save_restart(state)
        settled: set[str] = set()
        for news in due:
            if (now := self.dependencies.clock()) >= until:
                break
            if now - news.at > FORGET_SECONDS:
                LOG.error("people never told", extra={"event": news.id})
                settled.add(news.id)
            elif self._tell(event_of(self.group, news)):
                settled.add(news.id)
        if settled:
            self._settle(state, frozenset(settled))
        return f"people were told of {len(settled)} earlier steps, of {len(state.untold)}"

    def _settle(self, state: RestartState, settled: frozenset[str]) -> RestartState:
        """Save that this news need not be told any more.

        Raises:
            VersionConflict: another invocation is attending to the group. The news is settled all the same.
            StoreError: as `run` does.
        """
        store = self.dependencies.store
        try:
            self.state = state = store.save_restart(_without(state, settled))
        except VersionConflict:
            store.save_restart(_without(store.load_restart(self.group), settled))
            raise
        return state

    def _tell(self, event: RestartEvent) -> bool:
        """Whether people were told."""
        try:
            self.dependencies.announce(event)
        except RoutekeeperError as error:
            self._untold_of(event, error)
        except Exception as error:  # the edge of one message: a bug in one must not end the restart that it tells of
            LOG.exception("people not told", extra={"event": event.id})
            self._untold_of(event, error)
        else:
            return True
        return False

    def _untold_of(self, event: RestartEvent, error: Exception) -> None:
        self.untold += 1
        self._report(f"{event.outcome.value}, and people could not be told: {error}")

    def _report(self, trouble: str) -> None:
        if trouble not in self.troubles:
            self.troubles.append(trouble)


def _has_failed(target: Target, verdicts: Verdicts) -> bool:
    return verdicts.of(target.name).health is Health.UNHEALTHY


def _with_news(state: RestartState, news: RestartEvent) -> RestartState:
    return replace(state, untold=(*state.untold, untold(news))[-MOST_UNTOLD:])


def _without(state: RestartState, settled: frozenset[str]) -> RestartState:
    return replace(state, untold=tuple(news for news in state.untold if news.id not in settled))


def _event(before: RestartState, step: Step, now: float) -> RestartEvent:
    return RestartEvent(
        id=f"{before.group}-{before.version + 1}",
        group=before.group,
        target=step.target,
        instance=step.instance,
        at=now,
        outcome=step.outcome,
        reason=step.reason,
        action=step.action,
    )

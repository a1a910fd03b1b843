"""An EC2 in memory whose instances have their habits, and which may refuse, be slow or kill who asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.restart import Action, InstanceState
from routekeeper.ec2.errors import refused
from tests.unit.restarter.timeline import START, Timeline


class KilledError(BaseException):
    """What happens to a function whose time is up: nothing of ours can catch it."""


@dataclass(slots=True)
class Machine:
    """One instance and its habits."""

    state: InstanceState = InstanceState.RUNNING
    stop_seconds: float = 10.0
    start_seconds: float = 10.0
    hangs: bool = False
    """An ordinary stop never ends."""
    hangs_even_forced: bool = False
    starts: bool = True
    """If not, EC2 accepts a start and the instance stays stopped (no capacity, say)."""
    change: int = 0


@dataclass(slots=True)
class FakeEc2:
    """Implements `Instances`."""

    timeline: Timeline
    machines: dict[str, Machine]
    on_running: Callable[[str], None]
    asked: list[tuple[float, str, Action]] = field(default_factory=list)
    """Accepted requests."""
    refusals: list[tuple[Action, BaseException, bool]] = field(default_factory=list)
    """What befalls the next request for an action, and whether EC2 acts all the same."""
    unreadable: dict[str, Ec2Error] = field(default_factory=dict)
    slow_seconds: dict[str, float] = field(default_factory=dict)
    """How long it takes to read an instance's state."""

    def refuse(self, action: Action, code: str, *, after_acting: bool = False, times: int = 1) -> None:
        self.refusals.extend([(action, refused(f"{action.value}: {code}", code), after_acting)] * times)

    def kill_before(self, action: Action) -> None:
        """Let the function die that asks for the action next, just before EC2 hears of it."""
        self.refusals.append((action, KilledError(), False))

    def state(self, instance: str) -> InstanceState:
        self.timeline.sleep(self.slow_seconds.get(instance, 0.0))
        if (error := self.unreadable.get(instance)) is not None:
            raise error
        return self.machines[instance].state

    def act(self, instance: str, action: Action) -> None:
        refusal = next((r for r in self.refusals if r[0] is action), None)
        if refusal is not None:
            self.refusals.remove(refusal)
            if not refusal[2]:
                raise refusal[1]
        self._carry_out(instance, action)
        if refusal is not None:
            raise refusal[1]

    def _carry_out(self, instance: str, action: Action) -> None:
        machine = self.machines[instance]
        self.asked.append((self.timeline.now - START, instance, action))
        startable = machine.state in (InstanceState.STOPPED, InstanceState.PENDING, InstanceState.RUNNING)
        if machine.state is InstanceState.TERMINATED or (action is Action.START and not startable):
            raise refused(f"{instance} is {machine.state.value}", "IncorrectInstanceState")
        if action is Action.START:
            if machine.state is InstanceState.STOPPED and machine.starts:
                self._become(instance, InstanceState.PENDING)
                self._later(instance, machine.start_seconds, InstanceState.RUNNING)
            return
        forced = action is Action.FORCE_STOP
        if machine.state is InstanceState.RUNNING or (machine.state is InstanceState.STOPPING and forced):
            self._become(instance, InstanceState.STOPPING)
            if not (machine.hangs_even_forced if forced else machine.hangs):
                self._later(instance, machine.stop_seconds, InstanceState.STOPPED)

    def release(self, instance: str) -> None:
        """What held the instance up while it was stopping lets go of it."""
        self._become(instance, InstanceState.STOPPED)

    def _later(self, instance: str, seconds: float, state: InstanceState) -> None:
        change = self.machines[instance].change

        def settle() -> None:
            if self.machines[instance].change == change:
                self._become(instance, state)
                if state is InstanceState.RUNNING:
                    self.on_running(instance)

        self.timeline.after(seconds, settle)

    def _become(self, instance: str, state: InstanceState) -> None:
        self.machines[instance].state = state
        self.machines[instance].change += 1

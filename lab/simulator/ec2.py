"""EC2 as the application's real adapters see it: a client that is slow, throttles, goes silent and reads stale."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Any, Final

from botocore.exceptions import ClientError, ReadTimeoutError

from lab.simulator.bans import Ban, Bans
from lab.simulator.kernel import Kernel
from lab.simulator.nobody import nobody

UNANSWERED_SECONDS: Final = 7.0
"""How long the application's client waits at most for an answer that does not come: one attempt, 2 s to connect and
5 s to read."""
GONE: Final = ("stopped", "terminated", "shutting-down")
VANISHED: Final = "eni-"
"""Before the ID of a terminated instance: its network interface."""


class Boot(Enum):
    """What becomes of a start that EC2 has accepted."""

    WELL = 0
    HANGS = 1
    """It runs, and nothing on it does."""
    FALLS = 2
    """It is stopped again before it runs: no capacity, or a volume that cannot be attached."""


@dataclass(slots=True)
class Machine:
    """One instance and its habits."""

    state: str = "running"
    hung: bool = False
    stop_seconds: float = 40.0
    forced_only: bool = False
    forced: bool = False
    """Whether the stop that is under way is a forced one."""
    starts: bool = True
    boots: Boot = Boot.WELL
    short_of: int = 0
    """How many causes there are that EC2 has no capacity for its start."""
    unstoppable: str | None = None
    """The code with which EC2 refuses each stop, if it does."""
    change: int = 0
    stopped_by: str | None = None
    down_since: float | None = None
    up_since: float = 0.0
    refused_as: str = "InvalidInstanceID.NotFound"
    """How EC2 refuses routes onto it once it is terminated."""


@dataclass(slots=True)
class Faults:
    """What befalls calls about a group's routes, about an instance, or (`*`) all calls."""

    throttled: dict[str, float] = field(default_factory=dict)
    unanswered: dict[str, float] = field(default_factory=dict)
    denied: dict[str, float] = field(default_factory=dict)
    stale: dict[str, float] = field(default_factory=dict)
    withheld: dict[str, float] = field(default_factory=dict)
    """Whom one operation that is refused until further notice concerns (`strikes`)."""

    def amount(self, kind: dict[str, float], names: Iterable[str]) -> float:
        if not kind:
            return 0.0
        return max([kind.get("*", 0.0), *(kind.get(name, 0.0) for name in names)])


Hop = tuple[str, str]
"""The parameter that names it, and its ID."""


@dataclass(slots=True)
class Ec2:
    """The truth about routes, references and instances."""

    kernel: Kernel
    random: Random
    machines: dict[str, Machine]
    routes: dict[str, dict[str, Hop]] = field(default_factory=dict)
    """By route table and destination. A table that is missing does not exist."""
    references: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """Attachment and state by transit gateway route table and prefix list."""
    faults: Faults = field(default_factory=Faults)
    bans: Bans = field(default_factory=Bans)
    lag: float = 0.0
    """For up to how many seconds after each write reads may show what was."""
    vanishing: bool = False
    """Whether the route to a terminated instance names the vanished network interface only."""
    past: list[tuple[float, Any]] = field(default_factory=list)
    on_change: Callable[[], None] = nobody
    on_state: Callable[[str, str], None] = nobody
    """Told an instance and the state that it has entered."""
    on_foreign: Callable[[str], None] = nobody
    """Told a route that is another one now, though nobody has asked a client for it."""
    calls: int = 0

    def snapshot(self) -> Any:
        states = {name: machine.state for name, machine in self.machines.items()}
        return copy.deepcopy(self.routes), dict(self.references), states

    def changed(self) -> None:
        """Something is different now. A stale read may still see what was."""
        self.past = [kept for kept in self.past if kept[0] > self.kernel.now - 30.0]
        self.on_change()

    def remember(self) -> None:
        """Keep what is about to be changed."""
        self.past.append((self.kernel.now, self.snapshot()))

    def seen(self, names: Iterable[str]) -> Any:
        """What a read shows: the present or, where reads are stale, a past of up to that many seconds ago."""
        lag = max(self.lag, self.faults.amount(self.faults.stale, names))
        if lag:
            moment = self.kernel.now - self.random.uniform(0, lag)
            for changed_at, before in self.past:
                if changed_at > moment:
                    return before
        return self.routes, self.references, {name: machine.state for name, machine in self.machines.items()}

    # --- what is refused for good

    def ban(self, against: str, ban: Ban) -> Callable[[], None]:
        """Refuse from now on; returns what ends it."""
        self.bans.put(against, ban)
        self.changed()

        def lift() -> None:
            self.bans.lift(against, ban)
            self.changed()

        return lift

    def refusal_of_route(self, table: str, destination: str, hop: Hop) -> tuple[str, Ban] | None:
        """Why the route cannot be put onto the next hop, and what speaks against it; None if nothing does."""
        creating = destination not in self.routes.get(table, {})
        parameter, name = hop
        if (ban := self.bans.against(table, creating=creating)) is not None:
            return table, ban
        if parameter == "InstanceId" and (machine := self.machines[name]).state == "terminated":
            return name, Ban(machine.refused_as)
        return None if (ban := self.bans.against(name)) is None else (name, ban)

    def refusal_of_reference(self, key: tuple[str, str], attachment: str | None) -> tuple[str, Ban] | None:
        """Why the reference cannot be made to lead to the attachment, or removed, and what speaks against it."""
        for name in (" ".join(key), *key, *((attachment,) if attachment is not None else ())):
            if (ban := self.bans.against(name)) is not None:
                return name, ban
        return None

    def has_vanished(self, hop: Hop) -> bool:
        """Whether a route to the next hop shows another one: the interface of an instance that was terminated."""
        parameter, name = hop
        return self.vanishing and parameter == "InstanceId" and self.machines[name].state == "terminated"

    def shown(self, hop: Hop) -> Hop:
        """The next hop as EC2 shows it."""
        return ("NetworkInterfaceId", f"{VANISHED}{hop[1]}") if self.has_vanished(hop) else hop

    def leads_nowhere(self, hop: Hop) -> bool:
        """Whether a route to the next hop is a blackhole."""
        parameter, name = hop
        dead = parameter == "InstanceId" and self.machines[name].state in GONE
        return dead or self.bans.is_gone(name)

    # --- instances

    def stop(self, name: str, *, forced: bool, by: str | None) -> None:
        machine = self.machines[name]
        if machine.state in ("terminated", "shutting-down"):
            raise refusal("StopInstances", "IncorrectInstanceState")
        if machine.state in ("stopped", "stopping") and not forced:
            return
        if machine.state == "stopped" or (machine.state == "stopping" and machine.forced):
            return
        machine.forced = forced
        self._become(name, "stopping")
        machine.stopped_by = by
        if forced or not machine.forced_only:
            self._later(name, 5.0 if forced else machine.stop_seconds, "stopping", "stopped")

    def start(self, name: str) -> None:
        machine = self.machines[name]
        if machine.state not in ("stopped", "pending", "running"):
            raise refusal("StartInstances", "IncorrectInstanceState")
        if machine.state != "stopped":
            return
        if not machine.starts or machine.short_of:
            raise refusal("StartInstances", "InsufficientInstanceCapacity")
        machine.hung = machine.forced_only = False
        self._become(name, "pending")
        machine.hung = machine.boots is Boot.HANGS
        after = "stopped" if machine.boots is Boot.FALLS else "running"
        self._later(name, self.random.uniform(8.0, 40.0), "pending", after)

    def terminate(self, name: str) -> None:
        if self.machines[name].state != "terminated":
            self._become(name, "shutting-down")
            self._later(name, 20.0, "shutting-down", "terminated")

    def _later(self, name: str, seconds: float, before: str, after: str) -> None:
        machine = self.machines[name]
        machine.change += 1
        change = machine.change

        def happen() -> None:
            if machine.change == change and machine.state == before:
                self._become(name, after)

        self.kernel.after(seconds, happen)

    def _become(self, name: str, state: str) -> None:
        self.remember()
        machine = self.machines[name]
        machine.state = state
        if state == "running":
            machine.up_since, machine.down_since = self.kernel.now, None
        elif machine.down_since is None:
            machine.down_since = self.kernel.now
        if state == "terminated" and self.vanishing:
            for table, routes in self.routes.items():
                for destination in [d for d, hop in routes.items() if hop == ("InstanceId", name)]:
                    self.on_foreign(f"{table} {destination}")
        self.changed()
        self.on_state(name, state)

    # --- references

    def put_reference(self, key: tuple[str, str], attachment: str, state: str) -> None:
        self.remember()
        self.references[key] = (attachment, state)
        self.changed()

        def settle() -> None:
            if self.references.get(key) == (attachment, state):
                self.references[key] = (attachment, "available")

        self.kernel.after(self.random.uniform(0.3, 2.0), settle)

    def drop_reference(self, key: tuple[str, str]) -> None:
        self.remember()
        attachment, _ = self.references[key]
        self.references[key] = (attachment, "deleting")
        self.changed()

        def vanish() -> None:
            if self.references.get(key) == (attachment, "deleting"):
                del self.references[key]

        self.kernel.after(self.random.uniform(0.3, 2.0), vanish)

    def put_route(self, table: str, destination: str, hop: Hop) -> None:
        self.remember()
        self.routes[table][destination] = hop
        self.changed()


def refusal(operation: str, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "as the simulator has it"}}, operation)


class Forbidden(ClientError):
    """A refusal that stands until somebody changes something."""

    def __init__(self, operation: str, against: str, ban: Ban) -> None:
        super().__init__({"Error": {"Code": ban.code, "Message": ban.words}}, operation)
        self.against = against
        """The ID of what the ban stands against."""


class Call:
    """How the calls of one invocation fare: what it costs in time, and what goes wrong."""

    def __init__(self, ec2: Ec2, cross: Callable[[str], None], pause: Callable[[float], None]) -> None:
        self._ec2 = ec2
        self._cross = cross
        self._pause = pause
        self.on_fault: Callable[[tuple[str, ...]], None] = nobody
        self.enter: Callable[[str, Callable[[], Any], tuple[str, ...]], None] = nobody
        """Lets a call pass, or raises what befalls it (`strikes.Gate.enter`)."""

    def __call__(self, operation: str, names: tuple[str, ...], act: Callable[[], Any]) -> Any:
        """Carry the call out: `act` is what it does, at a moment within it. Raises botocore's errors."""
        ec2, random = self._ec2, self._ec2.random
        ec2.calls += 1
        self._cross(operation)
        self.enter(operation, act, names)
        faults = ec2.faults
        if (p := faults.amount(faults.denied, names)) and random.random() < p:
            self._trouble(names, 0.1)
            raise refusal(operation, "UnauthorizedOperation")
        if (p := faults.amount(faults.throttled, names)) and random.random() < p:
            self._trouble(names, 1.5)
            raise refusal(operation, "RequestLimitExceeded")
        if (p := faults.amount(faults.unanswered, names)) and random.random() < p:
            acts = random.random() < 0.5
            self._trouble(names, 0.2)
            if acts:
                act()
            self._pause(UNANSWERED_SECONDS)
            raise ReadTimeoutError(endpoint_url="https://ec2")
        self._pause(random.uniform(0.03, 0.15))
        result = act()
        self._pause(random.uniform(0.03, 0.15))
        self._cross(f"{operation} done")
        return result

    def _trouble(self, names: tuple[str, ...], seconds: float) -> None:
        self.on_fault(names)
        self._pause(seconds)


def pages(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield found

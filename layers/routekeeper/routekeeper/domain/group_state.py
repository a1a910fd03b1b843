"""What a failover group remembers: its desired path, what operators asked of it, the transition under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from routekeeper.domain.bounds import Count, Happened, Held, Time, cannot_be, lasts
from routekeeper.domain.path_memory import NOTHING, PathMemory
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.routes import Traffic
from routekeeper.domain.stored import Stored

LONGEST_TURN_SECONDS: Final = 120.0
"""No invocation of the router lives longer (its `Timeout` in template.yaml), so nobody works or tells for longer."""


@dataclass(frozen=True, slots=True)
class Asker(Stored):
    """Who asked for something, when and why."""

    by: str
    at: Happened
    reason: str
    identity: str | None = None
    """The invoking identity, if AWS names one."""


@dataclass(frozen=True, slots=True)
class Pin(Stored):
    """Hold one path until `expires_at`, whatever its health."""

    path: str
    expires_at: Held
    asked: Asker
    forced: bool = False
    """Move onto the path even if it is not HEALTHY."""


@dataclass(frozen=True, slots=True)
class Pause(Stored):
    """Take no action at all until `expires_at`."""

    expires_at: Held
    asked: Asker


@dataclass(frozen=True, slots=True)
class ReturnRequest(Stored):
    """Go back to the preferred path now, without waiting for hold-down. Forgotten at `expires_at`."""

    expires_at: Held
    asked: Asker
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Intent(Stored):
    """One thing that an operator asked for, kept with the group for people to read."""

    action: str
    what: str
    """The request in words, e.g. `hold vpn until 2026-01-02T03:04:05.000Z`."""
    asked: Asker


class TransitionKind(Enum):
    """Why routes were changed."""

    INITIAL = "initial"
    FAILOVER = "failover"
    FAILBACK = "failback"
    MANUAL = "manual"
    DRIFT = "drift"
    COMPLETION = "completion"
    """The rest of an earlier transition in which some routes had failed."""


@dataclass(frozen=True, slots=True)
class RouteChange(Stored):
    """What was done to one route, in words, and how it ended."""

    resource: str
    """The route table or prefix-list reference, e.g. `rtb-0a 0.0.0.0/0`."""
    before: str
    after: str
    refusal: Refusal | None = None
    """Why it was not changed; None if it was."""


@dataclass(frozen=True, slots=True)
class Transition(Stored):
    """One change of a group's routes: what was seen, what was decided and why, what was changed, how fast (law 7)."""

    id: str
    """`<group>-<version>`. It is deterministic, so that recording twice is recording once."""
    group: str
    kind: TransitionKind
    from_path: str | None
    to_path: str
    reason: str
    decided_at: Happened
    first_loss_at: Time | None = None
    verdict_at: Time | None = None
    asked: Asker | None = None
    applied_at: Happened | None = None
    changes: tuple[RouteChange, ...] = ()
    forced: bool = False
    """Whether an operator wants it carried out whatever the health of the path."""
    traffic: Traffic | None = None
    """Where the routes led when it went into history."""

    @property
    def leaves(self) -> bool:
        """Whether it was decided because the path that traffic leaves was UNHEALTHY, and nobody asked for it."""
        return self.verdict_at is not None and self.asked is None

    @property
    def detection_seconds(self) -> float | None:
        """From the sending of the first lost probe to the verdict."""
        if self.first_loss_at is None or self.verdict_at is None:
            return None
        return self.verdict_at - self.first_loss_at

    @property
    def steering_seconds(self) -> float | None:
        """From the verdict (or the decision, if there was no verdict) to routes that were read back as wanted."""
        if self.applied_at is None:
            return None
        return self.applied_at - (self.verdict_at if self.verdict_at is not None else self.decided_at)


class Channel(Enum):
    """Where people and programs hear of a transition."""

    TOPIC = "topic"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Untold(Stored):
    """A recorded transition, and the channels on which it has yet to be told."""

    transition: Transition
    channels: tuple[Channel, ...] = tuple(Channel)
    uncounted: bool = False
    """Whether the brake's ledger has yet to hear of it. This is not a channel, because an older version that is back
    after a failed deployment could not read a channel that it does not know."""
    recorded_at: Happened | None = None
    """When it went into history. That may be long after the decision, if routes were refused. None: not known."""

    @property
    def news_at(self) -> float:
        """Since when there is something to tell."""
        return self.transition.decided_at if self.recorded_at is None else self.recorded_at


@dataclass(frozen=True, slots=True)
class SeenRoute(Stored):
    """One route as it was read, in words."""

    resource: str
    """As in `RouteChange`."""
    on: str
    """Its next hop, `none`, or why it could not be read."""


@dataclass(frozen=True, slots=True)
class GroupState(Stored):
    """Everything remembered of a group. It is one item, so that one condition on `version` guards all of it."""

    group: str
    version: Count = 0
    """0: never saved. Every save adds 1 and is conditional on the version that was read."""
    path: str | None = None
    """The desired path. None until the first decision."""
    since: Happened = 0.0
    reason: str = ""
    pin: Pin | None = None
    pause: Pause | None = None
    returning: ReturnRequest | None = None
    pending: Transition | None = None
    """Decided and not yet recorded as applied: the routes may or may not have been changed."""
    unannounced: tuple[Untold, ...] = ()
    """Recorded and not yet told to people."""
    worker: str | None = None
    """The invocation that is applying the desired path. No other touches the routes until `worker_until`."""
    worker_until: Time = 0.0
    teller: str | None = None
    """The invocation that is telling `unannounced`. No other tells it until `teller_until`."""
    teller_until: Time = 0.0
    looked: bool = False
    """Whether the router has looked at the paths since the present one was taken."""
    paths: Mapping[str, PathMemory] = field(default_factory=dict)
    """What is remembered of each path. Paths with nothing to remember are absent."""
    traffic: Traffic | None = None
    """Where the routes led when they were last looked at. That may be elsewhere than on the desired path."""
    halfway: bool = False
    """Whether the last move was made in part: then routes that are not on the desired path are no drift."""
    applied_at: Happened | None = None
    """When routes were last changed from here. A read soon after may still show what was before."""
    routes: tuple[SeenRoute, ...] = field(default=(), compare=False)
    """The routes as the router had read them when it last saved the group, the first hundred. They are for people:
    nothing is decided on them, and they alone are no reason to save."""
    routes_at: Happened | None = field(default=None, compare=False)
    """When they were read."""
    intents: tuple[Intent, ...] = ()
    """What operators asked for lately, newest first."""

    @property
    def drifted(self) -> tuple[str, ...]:
        """The paths that some routes stay on because somebody else put them there."""
        return tuple(sorted(name for name, memory in self.paths.items() if memory.drifted))

    @property
    def refused_paths(self) -> frozenset[str]:
        """The paths that EC2 has refused and not taken since."""
        return frozenset(name for name, memory in self.paths.items() if memory.bar is not None)

    def without_bars(self, paths: Iterable[str]) -> GroupState:
        """With these paths to be tried as any other, whatever EC2 has said of them."""
        return self.remembering({path: replace(self.memory(path), bar=None) for path in paths})

    def memory(self, path: str) -> PathMemory:
        return self.paths.get(path, NOTHING)

    def remembering(self, memories: Mapping[str, PathMemory]) -> GroupState:
        """With these memories instead of the old ones of the same paths. Paths with nothing to remember are dropped."""
        kept = {name: memory for name, memory in {**self.paths, **memories}.items() if memory.holds_anything}
        return self if kept == self.paths else replace(self, paths=kept)

    def seen_healthy_since(self, path: str, now: float) -> float:
        """Since when the router has itself seen the path HEALTHY: always, if it has not looked; now, if it had not."""
        if not self.looked:
            return 0.0
        seen_at = self.memory(path).seen_healthy_at
        return now if seen_at is None else seen_at

    def worked_on_at(self, now: float, by_another_than: str) -> str | None:
        """The other invocation that is applying the desired path."""
        busy = self.worker != by_another_than and lasts(self.worker_until, now, LONGEST_TURN_SECONDS)
        return self.worker if busy else None

    def told_at(self, now: float, by_another_than: str) -> str | None:
        """The other invocation that is telling what is unannounced."""
        busy = self.teller != by_another_than and lasts(self.teller_until, now, LONGEST_TURN_SECONDS)
        return self.teller if busy else None

    def unbelieved_at(self, now: float) -> Mapping[str, float]:
        """Ends of turns that are further away than any turn can end, by field. Nobody waits for them."""
        ends = {
            "worker_until": self.worker_until if self.worker is not None else 0.0,
            "teller_until": self.teller_until if self.teller is not None else 0.0,
        }
        return {field: until for field, until in ends.items() if cannot_be(until, now, LONGEST_TURN_SECONDS)}

    def pinned_at(self, now: float) -> Pin | None:
        return self.pin if self.pin is not None and now < self.pin.expires_at else None

    def paused_at(self, now: float) -> Pause | None:
        return self.pause if self.pause is not None and now < self.pause.expires_at else None

    def returning_at(self, now: float) -> ReturnRequest | None:
        """The request to return, unless it has expired or a later change of the path has spent it."""
        asked = self.returning
        return asked if asked is not None and now < asked.expires_at and asked.asked.at >= self.since else None

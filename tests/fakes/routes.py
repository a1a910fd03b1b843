"""EC2's routes in memory, with refusals, and people who are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from routekeeper.domain.brake import Engagement
from routekeeper.domain.errors import AnnouncementError, Ec2Error
from routekeeper.domain.group_state import Channel, Transition
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.routes import Route
from routekeeper.domain.steering import NextHop, VpcRoute
from routekeeper.ec2.errors import outranked, refused, unreadable


@dataclass(slots=True)
class FakeRoutes:
    """A `Steerer` over a dictionary: next hop by route table. Tables missing from it do not exist."""

    next_hops: dict[str, NextHop]
    blackholes: set[str] = field(default_factory=set)
    refusals: dict[str, list[Exception]] = field(default_factory=dict)
    """By table: what the next calls to change it raise; `read` for the next calls to read."""
    unsettled_reads: dict[str, int] = field(default_factory=dict)
    """By table: how many readings after a change show it as still being carried out."""
    outranked: dict[str, NextHop] = field(default_factory=dict)
    """By table: where something that outranks its route leads."""
    unchecked: Refusal | None = None
    """Why nobody can look whether something does."""
    acts_before_refusing: bool = False
    changes: list[tuple[str, str]] = field(default_factory=list)
    before_read: Callable[[], None] = lambda: None
    before_change: Callable[[str], None] = lambda _: None
    judge: Callable[[str, NextHop], None] = lambda *_: None
    """Asked before a change whether EC2 takes it: raises if not."""
    shown: dict[str, NextHop] = field(default_factory=dict)
    """What reads show of some tables instead of the truth: they are stale."""

    def read(self, steering: VpcRoute) -> tuple[Route, ...]:
        self.before_read()
        self._refuse("read")
        return tuple(self._route(table) for table in steering.route_tables)

    def change(self, steering: VpcRoute, route: Route, next_hop: NextHop | None) -> None:
        assert next_hop is not None, f"{steering} has no next hop to write"
        self.before_change(route.resource)
        self.judge(route.resource, next_hop)
        if not self.acts_before_refusing:
            self._refuse(route.resource)
        if route.resource not in self.next_hops:
            raise refused(f"{route.resource} does not exist", "InvalidRouteTableID.NotFound")
        if route.outranked is not None and route.is_written_to(next_hop):
            raise Ec2Error.of(outranked(f"{route.resource} leads to {route}"))
        self.next_hops[route.resource] = next_hop
        self.blackholes.discard(route.resource)
        self.changes.append((route.resource, next_hop.id))
        if self.acts_before_refusing:
            self._refuse(route.resource)

    def _route(self, table: str) -> Route:
        if table not in self.next_hops:
            return Route(table, unread=unreadable(f"{table} does not exist"))
        settled = table not in [changed for changed, _ in self.changes] or self.unsettled_reads.get(table, 0) <= 0
        if not settled:
            self.unsettled_reads[table] -= 1
        next_hop = self.shown.get(table, self.next_hops[table])
        route = Route(table, frozenset({next_hop}), table in self.blackholes, settled=settled)
        if self.unchecked is not None:
            return replace(route, unchecked=self.unchecked)
        if (other := self.outranked.get(table)) is None or other in route.next_hops:
            return route
        told = f"something outranks the route to {self.next_hops[table]}"
        return replace(route, next_hops=frozenset({other}), outranked=told, written=route.next_hops)

    def _refuse(self, what: str) -> None:
        if self.refusals.get(what):
            raise self.refusals[what].pop(0)


@dataclass(slots=True)
class FakePeople:
    """An `Announcer` that remembers, and whose channels can be out of reach."""

    told: list[Transition] = field(default_factory=list)
    """What the topic was told."""
    events: list[Transition] = field(default_factory=list)
    """What the event bus was told."""
    restarts: list[RestartEvent] = field(default_factory=list)
    engagements: list[tuple[Engagement, Channel]] = field(default_factory=list)
    unreachable: set[Channel] = field(default_factory=set)
    before_telling: Callable[[], None] = lambda: None
    before_each: Callable[[Transition], None] = lambda _: None
    slow: dict[Channel, float] = field(default_factory=dict)
    """Seconds that a call takes, by channel; `sleep` makes them pass."""
    sleep: Callable[[float], None] = lambda _: None
    failing_brake: dict[Channel, Exception] = field(default_factory=dict)

    def transition(self, transition: Transition, channel: Channel) -> None:
        self.before_telling()
        self.sleep(self.slow.get(channel, 0.0))
        self.before_each(transition)
        if channel in self.unreachable:
            raise AnnouncementError(f"the {channel.value} does not answer")
        (self.told if channel is Channel.TOPIC else self.events).append(transition)

    def brake(self, engagement: Engagement, channel: Channel) -> None:
        if channel in self.failing_brake:
            raise self.failing_brake[channel]
        if channel in self.unreachable:
            raise AnnouncementError(f"the {channel.value} does not answer")
        self.engagements.append((engagement, channel))

    def restart(self, event: RestartEvent) -> None:
        if self.unreachable:
            raise AnnouncementError("nobody answers")
        self.restarts.append(event)

"""The world of one run: who can reach whom, what EC2 holds, what the table holds, and what befalls them when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final, assert_never

from botocore.exceptions import ClientError

from lab.simulator.bans import Ban
from lab.simulator.ec2 import Ec2, Hop, Machine
from lab.simulator.kernel import START, Kernel
from lab.simulator.lines import Fate, Ledger, Line, Outcome
from lab.simulator.nobody import nobody
from lab.simulator.plan import EVERYBODYS, Event, Kind, Plan
from lab.simulator.store import WatchedTable
from lab.simulator.strikes import Strike
from routekeeper.domain.detection import Detection
from routekeeper.domain.settings import Configuration, Group, Path
from routekeeper.domain.steering import NextHop, NextHopKind, Steering, TgwPrefixList, VpcRoute
from routekeeper.ec2.steering.vpc_route import PARAMETERS
from routekeeper.store.codec import Attribute, Item
from routekeeper.store.items import group_key
from routekeeper.store.writes import Key

_PARAMETER = {**PARAMETERS, NextHopKind.ATTACHMENT: "TransitGatewayAttachmentId"}

End = Callable[[], None]
"""Ends what has begun."""
Begin = Callable[["World", Event, Random], End | None]
"""Lets an event happen; returns what ends it, or None where it is over at once (`happenings.happening`)."""
GREY_MEMORY: Final = 10_000
"""How many outcomes are remembered of a target that may be grey: a quarter of an hour at the suspect interval."""


def _memory(rule: Detection) -> int:
    return GREY_MEMORY if rule.loss is not None or rule.latency is not None else 200


def hop_of(next_hop: NextHop) -> Hop:
    return _PARAMETER[next_hop.kind], next_hop.id


def hop_names(path: Path) -> set[str]:
    """What EC2 shows of routes that are on the path: the IDs of its next hops, or `none` for no route."""
    return {"none" if hop is None else hop.id for hop in path.next_hops}


def _instances(configuration: Configuration) -> Iterator[str]:
    """Those that targets are on, and those that routes lead to."""
    yield from (target.instance for target in configuration.targets.values() if target.instance is not None)
    hops = (hop for group in configuration.groups.values() for path in group.paths for hop in path.next_hops)
    yield from (hop.id for hop in hops if hop is not None and hop.kind is NextHopKind.INSTANCE)


@dataclass(slots=True)
class Place:
    """One vantage's own troubles: by how many causes each."""

    deaf: int = 0
    mute: int = 0
    dead: int = 0
    cut_off: int = 0
    began_at: float = 0.0
    """When the present ones began."""
    troubled_at: float = 0.0
    """When it last had any."""
    broken_at: float = 0.0
    """When counters were last lost: a monitor died, or could not write them down."""

    @property
    def troubled(self) -> bool:
        return bool(self.deaf or self.mute or self.dead or self.cut_off)


@dataclass(slots=True)
class Chances:
    """What goes wrong with functions, the table and the stream at present: probabilities and counts."""

    crash: float = 0.0
    store: float = 0.0
    twins: int = 0
    late: float = 0.0
    twice: int = 0
    lost: int = 0
    unheard: int = 0
    """By how many causes AWS's events get lost."""
    quiet_since: float = START
    """When the last of these ended."""
    told_since: float = START
    """When the stream last began to tell everything at once."""

    @property
    def any(self) -> bool:
        return bool(self.crash or self.store or self.twins or self.late or self.twice or self.lost)


class World:
    """The truth. Nothing of the application decides anything in here."""

    def __init__(self, kernel: Kernel, plan: Plan) -> None:
        self.kernel = kernel
        self.plan = plan
        self.table = WatchedTable()
        configuration = plan.configuration
        self.ec2 = Ec2(kernel, self.random("ec2"), {name: Machine() for name in _instances(configuration)})
        self.ec2.lag, self.ec2.vanishing = plan.lag, plan.vanishing
        self.places = {name: Place() for name in plan.vantages}
        pairs = [(vantage, target) for vantage in plan.vantages for target in configuration.targets]
        self.lines = {pair: Line(self.random(f"line {pair}")) for pair in pairs}
        self.ledgers = {pair: Ledger(_memory(configuration.targets[pair[1]].detection)) for pair in pairs}
        self.chances = Chances()
        self.faults = 0
        self.unresting = False
        """Whether every round is sent, needed or not."""
        self.on_fate: Callable[[str, str], None] = nobody
        self.on_monitor_killed: Callable[[str], None] = nobody
        self.on_poison: Callable[[], None] = nobody
        self.on_ask: Callable[[dict[str, object]], None] = nobody
        self.on_spot: Callable[[str], None] = nobody
        self.on_scaled_in: Callable[[str], None] = nobody
        self.on_maintenance: Callable[[str, tuple[float, float], str], None] = nobody
        self.strike: Strike = nobody
        self.tell: Callable[[str, str], None] = nobody
        self.ends: list[float] = []
        """When what has begun will be over."""
        self._spoilt: dict[str, dict[str, Attribute]] = {}
        """What stood in each group's item before it was last spoilt."""
        self._drifted_at: dict[str, float] = {}
        """When somebody else last changed a route of each group."""
        self.troubled: dict[str, float] = {}
        """When a group last had trouble of its own; `*` for all."""
        self.died_at = -1e12
        """When a function last crashed."""
        self.stale_at: dict[str, float] = {}
        """When reads of a group were last stale; `*` for all."""
        self.gone_at: dict[str, float] = {}
        """When a next hop that had been deleted was there again."""
        self.foreign: dict[str, float] = {}
        """Routes that are other ones than a client has last made them, and since when."""
        self.owners = dict(self._owners())
        self._begin()

    def _begin(self) -> None:
        # Others' things stand in the same account: nobody has any business with them.
        self.ec2.machines["i-others"] = Machine()
        self.ec2.routes["rtb-others"] = {"0.0.0.0/0": ("GatewayId", "igw-others")}
        self.ec2.on_change = self.look_at_lines
        self.ec2.on_foreign = self.is_foreign
        if self.plan.vanishing:
            for name, machine in self.ec2.machines.items():
                known = "InvalidInstanceID.NotFound", "IncorrectInstanceState"
                machine.refused_as = self.random(f"terminated {name}").choice(known)
        for group in self.plan.configuration.groups.values():
            self._put_on(group, 0)
        self.look_at_lines()

    def random(self, name: str) -> Random:
        return Random(f"{self.plan.seed}/{name}")

    def _owners(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for name, group in self.plan.configuration.groups.items():
            for steering in group.steering:
                match steering:
                    case TgwPrefixList(table, prefix_list):
                        yield f"{table} {prefix_list}", (name,)
                    case VpcRoute(tables, destination):
                        for table in tables:
                            yield table, (name,)
                            yield f"{table} {destination}", (name,)
                    case _:
                        assert_never(steering)

    # --- truth

    def fate(self, vantage: str, target: str) -> Fate | None:
        """What becomes of every probe sent now, or None where it hangs on chance."""
        place, line = self.places[vantage], self.lines[vantage, target]
        if place.mute:
            return Fate.NOT_SENT
        if place.deaf or not self.is_up(target):
            return Fate.LOST
        if line.delay or not line.is_plain:
            return None
        return Fate.LOST if line.cuts else Fate.ANSWERED

    def is_up(self, target: str) -> bool:
        instance = self.plan.configuration.targets[target].instance
        if instance is None:
            return True
        machine = self.ec2.machines[instance]
        return machine.state == "running" and not machine.hung

    def probe(self, vantage: str, target: str) -> Outcome:
        place = self.places[vantage]
        timeout = self.plan.configuration.targets[target].detection.probe_timeout_seconds
        if place.mute:
            return Outcome(Fate.NOT_SENT, 0.0)
        if place.deaf or not self.is_up(target):
            return Outcome(Fate.LOST, timeout)
        return self.lines[vantage, target].probe(self.kernel.now, timeout)

    def look_at_lines(self) -> None:
        """Notice which fates have changed, and tell the watchers."""
        for (vantage, target), ledger in self.ledgers.items():
            fate = self.fate(vantage, target)
            if fate is not ledger.plain or ledger.plain_since is None:
                if ledger.plain is Fate.ANSWERED:
                    ledger.answered_until = self.kernel.now
                ledger.plain = fate
                ledger.plain_since = self.kernel.now
                self.on_fate(vantage, target)

    def path_of(self, group: Group) -> str | None:
        """The path that every existing route of the group is really on, or None: on none, or on different ones."""
        for path in group.paths:
            if all(self.is_on(group, resource, path.name) for resource in self.resources(group)):
                return path.name
        return None

    def resources(self, group: Group) -> list[str]:
        return [resource for steering in group.steering for resource in self._resources(steering)]

    def _resources(self, steering: Steering) -> list[str]:
        match steering:
            case TgwPrefixList(table, prefix_list):
                return [f"{table} {prefix_list}"]
            case VpcRoute(tables, destination):
                return [f"{table} {destination}" for table in tables if table in self.ec2.routes]
            case _:
                assert_never(steering)

    def is_on(self, group: Group, resource: str, path_name: str) -> bool:
        path = group.path(path_name)
        if path is None:
            return False
        return any(
            self._leads_to(steering, resource, next_hop)
            for steering, next_hop in zip(group.steering, path.next_hops, strict=True)
            if resource in self._resources(steering)
        )

    def _leads_to(self, steering: Steering, resource: str, next_hop: NextHop | None) -> bool:
        table, _, rest = resource.partition(" ")
        match steering:
            case TgwPrefixList():
                reference = self.ec2.references.get((table, rest))
                there = reference[0] if reference is not None and reference[1] != "deleting" else None
                return there == (next_hop.id if next_hop is not None else None)
            case VpcRoute():
                hop = self.ec2.routes.get(table, {}).get(rest)
                return next_hop is not None and hop == hop_of(next_hop) and not self.ec2.has_vanished(hop)
            case _:
                assert_never(steering)

    def was_stale(self, group: str, within: float) -> bool:
        """Whether reads of the group are stale, or were so many seconds ago."""
        faults, now = self.ec2.faults, self.kernel.now
        lately = any(now - self.stale_at.get(name, -1e12) < within for name in ("*", group))
        return lately or faults.amount(faults.stale, (group,)) > 0

    def is_gone(self, group: Group, path_name: str, within: float) -> bool:
        """Whether the path's next hop is, or was a moment ago, deleted, or an instance that is stopped or worse."""
        now, machines = self.kernel.now, self._machines(group, path_name)
        path = group.path(path_name)
        for hop in () if path is None else path.next_hops:
            if hop is not None and (self.ec2.bans.is_gone(hop.id) or now - self.gone_at.get(hop.id, -1e12) < within):
                return True
        return any(machine.state != "running" or now - machine.up_since < within for machine in machines)

    def refusal(self, group: Group, resource: str, path_name: str) -> tuple[str, Ban] | None:
        """For what EC2 refuses now to put the route onto the path, and what speaks against it; None if it does not."""
        path = group.path(path_name)
        table, _, rest = resource.partition(" ")
        for steering, next_hop in zip(group.steering, () if path is None else path.next_hops, strict=False):
            if resource not in self._resources(steering):
                continue
            match steering:
                case TgwPrefixList():
                    return self.ec2.refusal_of_reference((table, rest), next_hop.id if next_hop is not None else None)
                case VpcRoute():
                    assert next_hop is not None
                    return self.ec2.refusal_of_route(table, rest, hop_of(next_hop))
                case _:
                    assert_never(steering)
        return None

    def paths_to(self, resource: str, hop: str) -> Iterator[tuple[str, str]]:
        """The paths, with their groups, for which the route leads to the next hop; `none` is no route."""
        for name in self.owners.get(resource, ()):
            group = self.plan.configuration.groups[name]
            for path in group.paths:
                for steering, next_hop in zip(group.steering, path.next_hops, strict=True):
                    if resource in self._resources(steering) and hop == ("none" if next_hop is None else next_hop.id):
                        yield name, path.name

    def whereabouts(self, group: Group) -> tuple[tuple[str, ...], int]:
        """The paths that some route of the group is really on, and how many routes are on none."""
        resources = self.resources(group)
        on = {path.name: [one for one in resources if self.is_on(group, one, path.name)] for path in group.paths}
        astray = [one for one in resources if not any(one in there for there in on.values())]
        return tuple(name for name, there in on.items() if there), len(astray)

    def elsewhere(self, group: Group, path_name: str) -> list[str]:
        """The routes of the group that are not on the path."""
        return [resource for resource in self.resources(group) if not self.is_on(group, resource, path_name)]

    def refuses(self, group: Group, path_name: str) -> bool:
        """Whether there are routes that are not on the path, and EC2 refuses for good to put any of them onto it."""
        left = self.elsewhere(group, path_name)
        return bool(left) and all(self.refusal(group, resource, path_name) for resource in left)

    def leads_nowhere(self, resource: str) -> bool:
        """Whether the route is a blackhole."""
        table, _, rest = resource.partition(" ")
        if (reference := self.ec2.references.get((table, rest))) is not None:
            return reference[1] != "deleting" and self.ec2.bans.is_gone(reference[0])
        hop = self.ec2.routes.get(table, {}).get(rest)
        return hop is not None and self.ec2.leads_nowhere(hop)

    def is_foreign(self, resource: str) -> None:
        """Somebody else has changed the route."""
        self.foreign[resource] = self.kernel.now

    def _machines(self, group: Group, path_name: str) -> list[Machine]:
        """The instances that the path goes through."""
        path = group.path(path_name)
        hops = () if path is None else path.next_hops
        return [self.ec2.machines[hop.id] for hop in hops if hop is not None and hop.kind is NextHopKind.INSTANCE]

    def _put_on(self, group: Group, number: int) -> None:
        for steering, next_hop in zip(group.steering, group.paths[number].next_hops, strict=True):
            self._put(steering, next_hop)

    def _put(self, steering: Steering, next_hop: NextHop | None) -> None:
        match steering:
            case TgwPrefixList(table, prefix_list):
                key = (table, prefix_list)
                if next_hop is None:
                    self.ec2.references.pop(key, None)
                else:
                    self.ec2.references[key] = (next_hop.id, "available")
            case VpcRoute(tables, destination):
                for table in tables:
                    assert next_hop is not None
                    self.ec2.routes.setdefault(table, {})[destination] = hop_of(next_hop)
            case _:
                assert_never(steering)

    # --- events

    def schedule(self, begin: Begin) -> None:
        """Let the plan's events happen at their times."""
        for number, event in enumerate(self.plan.events):
            self.kernel.at(START + event.at, partial(self._happen, begin, event, number), planned=True)

    def _happen(self, begin: Begin, event: Event, number: int) -> None:
        self.faults += 1
        self.tell("world", str(event))
        end = begin(self, event, self.random(f"event {number}"))
        self.look_at_lines()
        if end is not None:
            self.ends.append(self.kernel.now + event.seconds)
            self.kernel.at(self.kernel.now + event.seconds, lambda: self._end(event, end), planned=True)

    def _end(self, event: Event, end: End) -> None:
        end()
        self.tell("world", f"over: {event.kind.value} {event.subject}")
        if event.kind in EVERYBODYS:
            self.chances.quiet_since = self.kernel.now
        if event.kind in (Kind.STREAM_LATE, Kind.STREAM_LOST):
            self.chances.told_since = self.kernel.now
        if event.kind in (Kind.SPOILT, Kind.TABLE_GONE):
            self.troubled[event.subject] = self.kernel.now
        self.look_at_lines()

    # --- what happenings are made of

    def pairs(self, event: Event) -> list[Line]:
        return [
            line
            for (vantage, target), line in self.lines.items()
            if event.subject in ("*", target) and event.vantage in ("*", vantage)
        ]

    def drifted_ago(self, group_name: str) -> float:
        """Seconds since somebody else last changed a route of the group."""
        return self.kernel.now - self._drifted_at.get(group_name, -1e12)

    def drift(self, group_name: str, random: Random) -> None:
        """Somebody puts one of the group's routes onto some path by hand."""
        group = self.plan.configuration.groups[group_name]
        self._drifted_at[group_name] = self.kernel.now
        self.ec2.remember()
        with suppress(KeyError, ClientError):
            entry = random.randrange(len(group.steering)) if len(group.steering) > 1 else 0
            match steering := group.steering[entry]:
                case TgwPrefixList(table, prefix_list):
                    next_hop = group.paths[random.randrange(len(group.paths))].next_hops[entry]
                    name = None if next_hop is None else next_hop.id
                    if not self.ec2.bans.standing or self.ec2.refusal_of_reference((table, prefix_list), name) is None:
                        self._put(steering, next_hop)
                        self.is_foreign(f"{table} {prefix_list}")
                case VpcRoute(tables, destination):
                    next_hop = random.choice(group.paths).next_hops[entry]
                    table = random.choice(tables)
                    if (
                        next_hop is not None
                        and table in self.ec2.routes
                        and self._may_put(table, destination, next_hop)
                    ):
                        self.ec2.routes[table][destination] = hop_of(next_hop)
                        self.is_foreign(f"{table} {destination}")
                case _:
                    assert_never(steering)
        self.ec2.changed()

    def _may_put(self, table: str, destination: str, next_hop: NextHop) -> bool:
        """Whether EC2 lets a person do it."""
        if not (self.ec2.vanishing or self.ec2.bans.standing):
            return True
        return self.ec2.refusal_of_route(table, destination, hop_of(next_hop)) is None

    def spoil(self, group_name: str) -> End | None:
        """Make a group's item unreadable; what puts it right."""
        key: Key = group_key(group_name)
        held = self.table.get(key)
        if held is None or self.is_spoilt(group_name):
            return None
        self._spoilt[group_name] = {name: value for name, value in held.items() if name == "path"}
        self.table.touch(key, path={"N": "7"})

        def mend() -> None:  # unless who had read it before has saved over it meanwhile
            if (now := self.table.get(key)) is not None:
                self.table.swap(key, self.unspoilt(group_name, now))

        return mend

    def is_spoilt(self, group_name: str) -> bool:
        """Whether nobody can read the group's item."""
        held = self.table.group(group_name)
        return held is not None and "N" in held.get("path", {})

    def unspoilt(self, group_name: str, item: Item) -> Item:
        """The group's item as it was before somebody spoilt it."""
        if "N" not in item.get("path", {}):
            return item
        return {name: value for name, value in item.items() if name != "path"} | self._spoilt[group_name]

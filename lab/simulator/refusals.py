"""What EC2 refuses until somebody changes something: how it begins and ends, and the worlds in which it does.

All of it is drawn from a sequence of its own, so that the worlds of other seeds are what they would be without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from lab.simulator.bans import SEVERAL_INTERFACES, Ban
from lab.simulator.fates import request
from lab.simulator.plan import Event, Kind, Plan
from lab.simulator.world import End, World
from routekeeper.domain.settings import (
    Configuration,
    FailbackMode,
    FailbackPolicy,
    Group,
    IcmpProbe,
    Path,
    Target,
)
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList, VpcRoute

SHARE: Final = 0.3
"""Of the worlds, how many have it."""
RECOVERY_SECONDS: Final = 900.0
PATIENCE_SECONDS: Final = 5400.0
"""After an episode now and then: longer than a path may be left untried after EC2 has refused it."""
_DELETED: Final = {
    "nat-": ("InvalidNatGatewayID.NotFound", "NatGatewayNotFound"),
    "tgw-attach-": ("InvalidTransitGatewayAttachmentID.NotFound",),
}
"""How EC2 refuses what was deleted, by how its ID begins; it spells some in two ways."""


def begin(world: World, event: Event, random: Random) -> End | None:
    """Let EC2 refuse; what ends it, or None if it is for good."""
    ends = [*_begun(world, event, random)]
    if not event.seconds:
        return None

    def over() -> None:
        for end in ends:
            end()
        if event.kind is Kind.HOP_GONE:
            world.gone_at[event.subject] = world.kernel.now

    return over


def _begun(world: World, event: Event, random: Random) -> Iterator[End]:
    name, ec2 = event.subject, world.ec2
    match event.kind:
        case Kind.HOP_GONE:
            codes = next(codes for prefix, codes in _DELETED.items() if name.startswith(prefix))
            yield ec2.ban(name, Ban(random.choice(codes), f"{name} does not exist", gone=True))
        case Kind.HOP_UNFIT if name.startswith("i-"):
            yield ec2.ban(name, Ban("InvalidInstanceID", f"{SEVERAL_INTERFACES} '{name}'"))
        case Kind.HOP_UNFIT:
            yield ec2.ban(name, Ban("IncorrectState", f"{name} is in state pendingAcceptance"))
        case Kind.UNTAGGED:
            yield ec2.ban(name, Ban("UnauthorizedOperation", "You are not authorized to perform this operation."))
        case Kind.TABLE_FULL:
            _lose_routes(world, name)
            yield ec2.ban(name, Ban("RouteLimitExceeded", f"{name} has as many routes as it may have", full=True))
        case _:
            _lose_references(world, name)
            yield ec2.ban(name, Ban("InvalidPrefixListID.NotFound", f"{name} does not exist"))


def _lose_routes(world: World, table: str) -> None:
    world.ec2.remember()
    for destination in list(world.ec2.routes.get(table, {})):
        del world.ec2.routes[table][destination]
        world.is_foreign(f"{table} {destination}")


def _lose_references(world: World, prefix_list: str) -> None:
    world.ec2.remember()
    for key in [key for key in world.ec2.references if key[1] == prefix_list]:
        del world.ec2.references[key]
        world.is_foreign(" ".join(key))


# --- worlds


def lag(seed: int) -> float:
    """For how many seconds after each write reads may show what was: in one world of eight some."""
    random = Random(f"lag {seed}")
    return random.uniform(1.0, 5.0) if random.random() < 0.12 else 0.0


def with_refusals(plan: Plan, random: Random, theme: str | None = None) -> Plan:
    """The plan with an episode in which EC2 refuses for good: among the others, or alone in the world."""
    theme = theme or random.choice(list(THEMES))
    configuration = with_more_paths(plan.configuration, random)
    alone = random.random() < 0.6 or not plan.events
    at = 180.0 if alone else random.choice(plan.events).at
    scene = Scene(random, configuration, random.choice(list(configuration.groups.values())))
    episode = [*THEMES[theme](scene, at + random.uniform(30.0, 60.0))]
    for _ in range(random.choice((0, 0, 1, 3))):
        episode += _aside(scene, at + random.uniform(0.0, 200.0))
    events = (*(() if alone else plan.events), *sorted(episode, key=lambda event: event.at))
    rested = max(((0.0 if event.kind is Kind.HANG else event.seconds) + event.at for event in events), default=at)
    events += (*_at_first(configuration, Random(f"first sight {plan.seed}")), *_released(plan.seed, at, rested))
    ends = rested + random.choice((RECOVERY_SECONDS, PATIENCE_SECONDS))
    before = () if alone else tuple(moment for moment in plan.settle_at if moment < at)
    return replace(
        plan, configuration=configuration, events=events, settle_at=(*before, ends), seconds=ends + 1.0, vanishing=True
    )


def _released(seed: int, since: float, until: float) -> Iterator[Event]:
    """In some worlds people acknowledge, so that EC2 is asked again."""
    random = Random(f"released {seed}")
    if random.random() < 0.4:
        who = {"action": "acknowledge", "by": "ann", "reason": "simulated"}
        yield Event(random.uniform(since + 60.0, max(until, since + 120.0)), Kind.ASK, payload=who)


def _at_first(configuration: Configuration, random: Random) -> Iterator[Event]:
    """In some worlds, before the first look: an instance is terminated, and a person moves one of its routes."""
    far = configuration.groups.get("far")
    hop = None if far is None else far.paths[0].next_hops[0]
    if far is not None and hop is not None and hop.id.startswith("i-") and random.random() < 0.5:
        yield Event(0.1, Kind.EVENTS_LOST, seconds=60.0)
        yield Event(0.2, Kind.TERMINATED, hop.id)
        yield Event(0.3, Kind.DRIFT, far.name)


def with_more_paths(configuration: Configuration, random: Random) -> Configuration:
    """Third paths, each with a next hop of its own: NAT gateways that nobody probes, a second VPN, far ends."""
    groups, targets = dict(configuration.groups), dict(configuration.targets)
    for name in ("private-a", "private-b"):
        group, chance = groups[name], random.random()
        spare = Path("spare", None, (NextHop(NextHopKind.NAT_GATEWAY, f"nat-{name}"),))
        if chance < 0.3:
            groups[name] = replace(group, paths=(spare, *group.paths))
        elif chance < 0.85:
            groups[name] = replace(group, paths=(*group.paths, spare))
    if random.random() < 0.5:
        groups["private-b"] = replace(groups["private-b"], steering=(VpcRoute(("rtb-b0", "rtb-b1"), "0.0.0.0/0"),))
    if random.random() < 0.7:
        like = targets["dx"]
        probes = (IcmpProbe("vpn2", like.detection.probe_timeout_seconds),)
        targets["vpn2"] = Target("vpn2", probes, quorum=like.quorum, detection=like.detection)
        second = Path("vpn2", "vpn2", (NextHop(NextHopKind.ATTACHMENT, "tgw-attach-vpn2"),))
        groups["idc"] = replace(groups["idc"], paths=(*groups["idc"].paths, second))
    if random.random() < 0.5:
        over = [Path(f"over-{x}", "dx", (NextHop(NextHopKind.INSTANCE, f"i-{x}"),)) for x in ("a", "b")]
        if random.random() < 0.5:
            over.append(Path("spare", None, (NextHop(NextHopKind.NAT_GATEWAY, "nat-far"),)))
        failback = FailbackPolicy(FailbackMode.AUTO, 60.0)
        groups["far"] = Group("far", (VpcRoute(("rtb-c0", "rtb-c1"), "10.0.0.0/8"),), tuple(over), failback)
    return replace(configuration, groups=groups, targets=targets)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an episode plays."""

    random: Random
    configuration: Configuration
    group: Group


Story = Callable[[Scene, float], Iterator[Event]]


def _while(random: Random) -> float:
    """For how long EC2 refuses: 0 is for good."""
    return random.choice((40.0, 300.0, 1500.0, 5400.0, 0.0)) * random.uniform(0.7, 1.3)


def _fails(random: Random, path: Path, at: float) -> Iterator[Event]:
    """The path goes down for some time, as far as anything can befall it."""
    seconds = random.choice((60.0, 300.0, 1500.0)) * random.uniform(0.7, 1.3)
    hop = path.next_hops[0]
    if path.target is not None and (hop is None or random.random() < 0.6):
        yield Event(at, Kind.CUT, path.target, seconds=seconds)
    elif hop is None:
        return
    elif hop.kind is NextHopKind.INSTANCE:
        kind = random.choice((Kind.HANG, Kind.STOPPED, Kind.TERMINATED))
        yield Event(at, kind, hop.id, seconds=0.0 if kind is Kind.TERMINATED else seconds)
    else:
        yield Event(at, Kind.HOP_GONE, hop.id, seconds=_while(random))


def _is_banned(random: Random, path: Path, at: float) -> Iterator[Event]:
    """EC2 refuses the path's next hop."""
    hop = path.next_hops[0]
    if hop is None:
        return
    kinds = {
        NextHopKind.INSTANCE: (Kind.HOP_UNFIT, Kind.HOP_UNFIT, Kind.TERMINATED),
        NextHopKind.ATTACHMENT: (Kind.HOP_GONE, Kind.HOP_UNFIT, Kind.UNTAGGED),
    }.get(hop.kind, (Kind.HOP_GONE,))
    kind = random.choice(kinds)
    yield Event(at, kind, hop.id, seconds=0.0 if kind is Kind.TERMINATED else _while(random))


def _standby(scene: Scene, at: float) -> Iterator[Event]:
    """What traffic would go to is refused: the next path, or every one but the last."""
    random, group = scene.random, scene.group
    first, *others = group.paths
    banned = others[:1] if random.random() < 0.7 or len(others) < 2 else others[:-1]
    for path in banned:
        yield from _is_banned(random, path, at + random.uniform(0.0, 60.0))
    yield from _fails(random, first, at + random.uniform(20.0, 90.0))


def _away(scene: Scene, at: float) -> Iterator[Event]:
    """What traffic would return to is refused: while another path stands in, it goes for good."""
    random, group = scene.random, scene.group
    first = group.paths[0]
    yield from _fails(random, first, at)
    yield from _is_banned(random, first, at + random.uniform(10.0, 60.0))


def _in_use(scene: Scene, at: float) -> Iterator[Event]:
    """What traffic goes through is deleted; later its stand-in goes down."""
    random, group = scene.random, scene.group
    for path in group.paths[:2]:
        if random.random() < 0.8:
            yield from _is_banned(random, path, at + random.uniform(0.0, 40.0))
        else:
            yield from _fails(random, path, at + random.uniform(0.0, 40.0))
    if random.random() < 0.5:
        yield from _fails(random, group.paths[1], at + random.uniform(300.0, 900.0))


def _vanished(scene: Scene, at: float) -> Iterator[Event]:
    """An instance is terminated, and nobody hears of it: its probes are lost already."""
    random, configuration, group = scene.random, scene.configuration, scene.group
    far = configuration.groups.get("far", group)
    hops = [hop for path in far.paths for hop in path.next_hops if hop is not None and hop.id.startswith("i-")]
    if hops:
        name = random.choice(hops[:1] * 3 + hops).id
        for target in configuration.targets.values():
            if target.instance == name and random.random() < 0.8:
                yield Event(at - 15.0, Kind.CUT, target.name, seconds=random.uniform(60.0, 600.0))
        yield Event(at - 1.0, Kind.EVENTS_LOST, seconds=60.0)
        yield Event(at, Kind.TERMINATED, name)


def _mended(scene: Scene, at: float) -> Iterator[Event]:
    """What every route goes through goes down, and a person mends one of them by hand."""
    random, configuration, group = scene.random, scene.configuration, scene.group
    several = [one for one in configuration.groups.values() if _tables(one)[1:]] or [group]
    several = [one for one in several if one.paths[0].target in (None, "dx")] or several
    group = random.choice(several)
    hop = group.paths[0].next_hops[0]
    yield Event(at - 1.0, Kind.EVENTS_LOST, seconds=60.0)
    if hop is not None and hop.kind is NextHopKind.INSTANCE:
        yield Event(at, Kind.STOPPED, hop.id, seconds=random.uniform(200.0, 900.0))
    elif hop is not None:
        yield Event(at, Kind.HOP_GONE, hop.id, seconds=_while(random))
    for _ in range(random.randint(1, 3)):
        yield Event(at + random.uniform(0.0, 90.0), Kind.DRIFT, group.name)


def _recovered(scene: Scene, at: float) -> Iterator[Event]:
    """Nothing may be changed while the path is down; once it may be, the path has long been well."""
    random, group = scene.random, scene.group
    cut = Event(at + 5.0, Kind.CUT, group.paths[0].target or "dx", seconds=random.uniform(40.0, 300.0))
    yield cut
    ends = cut.seconds + random.choice((120.0, 600.0, 3000.0))
    if random.random() < 0.4:
        yield Event(at, Kind.DENIED, group.name, seconds=ends, amount=1.0)
    else:
        for table in _tables(group):
            yield Event(at, Kind.UNTAGGED, table, seconds=ends)


def _of_routes(scene: Scene, at: float) -> Iterator[Event]:
    """Some routes cannot be changed, whatever they are to lead to."""
    random, group = scene.random, scene.group
    for table in random.sample(_tables(group), random.randint(1, len(_tables(group)))):
        kind = random.choice((Kind.UNTAGGED, Kind.TABLE_FULL)) if table.startswith("rtb-") else Kind.UNTAGGED
        yield Event(at + random.uniform(0.0, 60.0), kind, table, seconds=_while(random))
    if isinstance(group.steering[0], TgwPrefixList) and random.random() < 0.5:
        prefix_list = group.steering[0].prefix_list
        yield Event(at + random.uniform(0.0, 60.0), Kind.LIST_GONE, prefix_list, seconds=_while(random))
    yield from _fails(random, group.paths[0], at + random.uniform(20.0, 90.0))


def _tables(group: Group) -> list[str]:
    tables: list[str] = []
    for steering in group.steering:
        tables += [steering.route_table] if isinstance(steering, TgwPrefixList) else steering.route_tables
    return tables


THEMES: Final[dict[str, Story]] = {
    "standby": _standby,
    "away": _away,
    "in use": _in_use,
    "vanished": _vanished,
    "mended": _mended,
    "recovered": _recovered,
    "routes": _of_routes,
}
"""What an episode may be about."""


def _aside(scene: Scene, at: float) -> Iterator[Event]:
    """Something beside it."""
    random, configuration, group = scene.random, scene.configuration, scene.group
    match random.randrange(5):
        case 0:
            yield Event(at, Kind.ASK, payload=request(random, configuration))
        case 1:
            yield Event(at, Kind.DRIFT, group.name)
        case 2:
            yield Event(at, Kind.TWINS, seconds=200.0)
        case 3:
            yield from _fails(random, random.choice(group.paths), at)
        case _:
            yield from _is_banned(random, random.choice(group.paths), at)

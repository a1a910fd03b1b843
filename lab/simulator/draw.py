"""Plans out of seeds: a configuration, some episodes of trouble with time to recover after each, wrong clocks."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from lab.simulator.plan import Event, Kind, Plan
from routekeeper.domain.health import Detection
from routekeeper.domain.settings import (
    Configuration,
    Failback,
    FailbackMode,
    Group,
    IcmpProbe,
    NextHop,
    NextHopKind,
    Path,
    Quorum,
    RestartPolicy,
    Target,
    TgwPrefixList,
    VpcRoute,
)

RECOVERY_SECONDS: Final = 900.0
"""After each episode: longer than any failback, hand-over or retry may take."""


def draw(seed: int) -> Plan:
    """The plan of a seed."""
    random = Random(f"plan {seed}")
    configuration = configure(random)
    vantages = ("a", "b", "c")[: random.choice((1, 2, 2, 3, 3))]
    events: list[Event] = []
    settle_at: list[float] = []
    at = 180.0
    for _ in range(random.randint(1, 4)):
        # Most calm is short; now and then nothing happens for hours or days.
        at += random.choice((0.0, 60.0, 600.0, 6 * 3600.0, 86_400.0)) * random.random()
        length = random.choice((30.0, 120.0, 400.0, 900.0))
        episode = [_event(random, configuration, vantages, at, length) for _ in range(random.randint(1, 7))]
        events += sorted(episode, key=lambda event: event.at)
        at = max(event.at + _lasts(event) for event in episode) + RECOVERY_SECONDS
        settle_at.append(at)
    wrong = random.choice((0.0, 0.0, 0.2, 1.2))
    names = [f"{name}/{number}" for name in ("router", "restarter", "operator") for number in (0, 1)]
    names += [f"monitor/{name}" for name in vantages]
    skews = {name: random.uniform(-wrong, wrong) for name in names}
    return Plan(seed, configuration, vantages, tuple(events), at + 1.0, tuple(settle_at), skews)


def _lasts(event: Event) -> float:
    return 0.0 if event.kind is Kind.HANG else event.seconds


def configure(random: Random) -> Configuration:
    quorum = random.choice((Quorum.MAJORITY, Quorum.MAJORITY, Quorum.ANY, Quorum.ALL))
    policy = RestartPolicy(
        "nat",
        after_seconds=random.choice((30.0, 60.0)),
        stop_timeout_seconds=random.choice((60.0, 120.0)),
        boot_timeout_seconds=random.choice((90.0, 150.0)),
        attempts=random.choice((1, 2, 3)),
        per_seconds=random.choice((7200.0, 86_400.0)),
    )
    restart = policy if random.random() < 0.8 else None
    detection = Detection()

    def target(name: str, instance: str | None = None) -> Target:
        return Target(
            name,
            (IcmpProbe(name, detection.probe_timeout_seconds),),
            quorum=quorum,
            detection=detection,
            instance=instance,
            restart=restart if instance is not None else None,
        )

    targets = [target("dx"), target("vpn"), target("nat-a", "i-a"), target("nat-b", "i-b")]
    return Configuration({t.name: t for t in targets}, {g.name: g for g in _groups(random)})


def _groups(random: Random) -> list[Group]:
    def failback() -> Failback:
        mode = FailbackMode.AUTO if random.random() < 0.85 else FailbackMode.MANUAL
        return Failback(mode, random.choice((20.0, 60.0, 120.0)))

    dx_hop = NextHop(NextHopKind.ATTACHMENT, "tgw-attach-dx") if random.random() < 0.4 else None
    vpn_hop = NextHop(NextHopKind.ATTACHMENT, "tgw-attach-vpn")
    idc = (Path("dx", "dx", dx_hop), Path("vpn", "vpn", vpn_hop))
    nat_a = Path("nat-a", "nat-a", NextHop(NextHopKind.INSTANCE, "i-a"))
    nat_b = Path("nat-b", "nat-b", NextHop(NextHopKind.INSTANCE, "i-b"))
    managed = Path("managed", None, NextHop(NextHopKind.NAT_GATEWAY, "nat-1"))
    last = (managed,) if random.random() < 0.3 else ()
    tables = random.randint(1, 3)
    return [
        Group("idc", TgwPrefixList("tgw-rtb-1", "pl-1"), idc, failback()),
        Group("private-a", VpcRoute(tuple(f"rtb-a{n}" for n in range(tables)), "0.0.0.0/0"), (nat_a, nat_b, *last), failback()),
        Group("private-b", VpcRoute(("rtb-b0",), "0.0.0.0/0"), (nat_b, nat_a, *last), failback()),
    ]


# --- events

_WEIGHTS: Final[dict[Kind, int]] = {
    Kind.CUT: 14, Kind.LOSS: 3, Kind.BURSTS: 3, Kind.DELAY: 2,
    Kind.VANTAGE_DEAF: 5, Kind.VANTAGE_MUTE: 3, Kind.VANTAGE_DEAD: 3, Kind.VANTAGE_CUT_OFF: 2, Kind.MONITOR_KILLED: 3,
    Kind.HANG: 8, Kind.NO_START: 2, Kind.STOPPED: 3, Kind.TERMINATED: 1,
    Kind.THROTTLED: 4, Kind.UNANSWERED: 4, Kind.DENIED: 2, Kind.STALE: 3,
    Kind.DRIFT: 4, Kind.TABLE_GONE: 1, Kind.SPOILT: 1,
    Kind.STORE_FAILS: 3, Kind.CRASHES: 6, Kind.TWINS: 5,
    Kind.STREAM_LATE: 3, Kind.STREAM_TWICE: 3, Kind.STREAM_LOST: 2, Kind.POISON: 3,
    Kind.ASK: 16,
}  # fmt: skip


def _event(random: Random, configuration: Configuration, vantages: tuple[str, ...], start: float, length: float) -> Event:
    kind = random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    at = start + random.uniform(0, length)
    seconds = random.choice((1.0, 3.0, 20.0, 60.0, 200.0, 500.0)) * random.uniform(0.5, 1.5)
    instances = [t.instance for t in configuration.targets.values() if t.instance is not None]
    groups = list(configuration.groups)
    draws: dict[Kind, Callable[[], Event]] = {
        Kind.LOSS: lambda: _on_line(random, configuration, vantages, Event(at, kind, seconds=seconds, amount=random.uniform(0.05, 0.9))),
        Kind.BURSTS: lambda: _on_line(random, configuration, vantages, Event(at, kind, seconds=seconds, amount=random.uniform(0.05, 0.6))),
        Kind.DELAY: lambda: _on_line(random, configuration, vantages, Event(at, kind, seconds=seconds, amount=random.uniform(0.05, 0.7))),
        Kind.CUT: lambda: _on_line(random, configuration, vantages, Event(at, kind, seconds=seconds)),
        Kind.HANG: lambda: Event(at, kind, random.choice(instances), seconds=random.uniform(10, 200), amount=float(random.random() < 0.3)),
        Kind.ASK: lambda: Event(at, kind, payload=_request(random, configuration)),
        Kind.POISON: lambda: Event(at, kind),
        Kind.CRASHES: lambda: Event(at, kind, seconds=seconds, amount=random.choice((0.005, 0.02, 0.1))),
        Kind.STORE_FAILS: lambda: Event(at, kind, seconds=seconds, amount=random.choice((0.02, 0.1, 0.5))),
        Kind.STREAM_LATE: lambda: Event(at, kind, seconds=seconds, amount=random.choice((2.0, 20.0, 60.0))),
    }
    if kind in draws:
        return draws[kind]()
    if kind in (Kind.VANTAGE_DEAF, Kind.VANTAGE_MUTE, Kind.VANTAGE_DEAD, Kind.VANTAGE_CUT_OFF, Kind.MONITOR_KILLED):
        return Event(at, kind, vantage=random.choice(vantages), seconds=seconds if kind is not Kind.MONITOR_KILLED else 0.0)
    if kind in (Kind.NO_START, Kind.STOPPED, Kind.TERMINATED):
        return Event(at, kind, random.choice(instances), seconds=seconds + 30)
    if kind in (Kind.THROTTLED, Kind.UNANSWERED, Kind.DENIED, Kind.STALE):
        amount = random.uniform(1, 8) if kind is Kind.STALE else random.choice((0.1, 0.5, 1.0))
        return Event(at, kind, random.choice(["*", *groups]), seconds=seconds, amount=amount)
    if kind in (Kind.DRIFT, Kind.TABLE_GONE, Kind.SPOILT):
        return Event(at, kind, random.choice(groups), seconds=0.0 if kind is Kind.DRIFT else seconds)
    return Event(at, kind, seconds=seconds)


def _on_line(random: Random, configuration: Configuration, vantages: tuple[str, ...], event: Event) -> Event:
    target = random.choice([*configuration.targets, "*"]) if random.random() < 0.2 else random.choice(list(configuration.targets))
    vantage = "*" if random.random() < 0.7 else random.choice(vantages)
    return Event(event.at, event.kind, target, vantage, event.seconds, event.amount)


def _request(random: Random, configuration: Configuration) -> dict[str, object]:
    """What people ask, sensible or silly."""
    name = random.choice(list(configuration.groups))
    path = random.choice(configuration.groups[name].paths).name
    who: dict[str, object] = {"by": random.choice(("ann", "bob")), "reason": "simulated"}
    length = {"for": random.choice(("5s", "60s", "300s", "1h"))}
    force = {"force": True} if random.random() < 0.35 else {}
    group = {"group": name}
    return random.choice(
        [
            {"action": "failover", **group, **({"to": path} if random.random() < 0.6 else {}), **length, **force, **who},
            {"action": "failback", **group, **force, **who},
            {"action": "pin", **group, "path": path, **length, **force, **who},
            {"action": "unpin", **group, **who},
            {"action": "pause", "group": random.choice((name, "*")), **length, **who},
            {"action": "resume", "group": random.choice((name, "*")), **who},
            {"action": "pin", **group, "path": "nowhere", **length, **who},
            {"action": "pause", **group, "for": "400d", **who},
            {"action": "status"},
        ]
    )

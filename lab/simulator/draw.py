"""Plans out of seeds: a configuration, some episodes of trouble with time to recover after each, wrong clocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta, tzinfo
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from lab.simulator import grey, refusals
from lab.simulator.fates import THEMES, Fates
from lab.simulator.kernel import START
from lab.simulator.plan import Event, Kind, Plan
from lab.simulator.zones import ChangingClocks
from routekeeper.domain.damping import Damping
from routekeeper.domain.detection import Detection
from routekeeper.domain.settings import (
    Brake,
    Configuration,
    FailbackMode,
    FailbackPolicy,
    Group,
    IcmpProbe,
    Path,
    Quorum,
    RestartPolicy,
    Target,
)
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList, VpcRoute
from routekeeper.domain.windows import Day, Window, Windows

FULL_EVERY: Final = 8
"""One seed in so many is watched by the real Monitor."""
FLAPPING_SHARE: Final = 0.3
"""Of the episodes, how many have a line that flaps."""
REFUSED_SHARE: Final = 0.2
"""Of the episodes, how many have an instance that hangs, and that EC2 will not stop, or not start afterwards."""
RECOVERY_SECONDS: Final = 900.0
"""After each episode: longer than any failback, hand-over or retry may take."""


def draw(seed: int) -> Plan:
    """The plan of a seed."""
    random, announced = Random(f"plan {seed}"), Random(f"announcements {seed}")
    full = seed % FULL_EVERY == FULL_EVERY - 1
    # What is grey is drawn apart: the seeds in which nothing is are the worlds that they would be without it.
    shades = Random(f"grey {seed}")
    configuration = _with_odd_paths(configure(random), Random(f"paths {seed}"))
    configuration = _returning(grey.with_rules(configuration, shades), Random(f"failback {seed}"))
    configuration = replace(configuration, brake=brake(seed))
    vantages = ("a", "b", "c")[: random.choice((1, 2, 2, 3, 3))]
    events: list[Event] = []
    settle_at: list[float] = []
    flapping, refused = Random(f"flapping {seed}"), Random(f"refused restarts {seed}")
    at = 180.0
    for _ in range(1 if full else random.randint(1, 4)):
        # Most calm is short; now and then nothing happens for hours or days.
        calm = random.choice((0.0, 60.0, 600.0, 6 * 3600.0, 86_400.0)) * random.random()
        at += min(calm, 120.0) if full else calm
        fates = Fates(random, configuration, vantages, random.choice(THEMES))
        length = random.choice((30.0, 120.0, 400.0, 900.0))
        focus = at + random.uniform(30.0, 30.0 + length)
        episode = list(_troubles(random, fates, at, length, focus))
        # From sequences of their own, so that the rest of a seed's world is as it would be without them.
        episode += grey.lines(shades, configuration, vantages, at, min(length, 120.0) if full else length)
        if announced.random() < 0.3:
            episode.append(Fates(announced, configuration, vantages).announcement(focus))
        if flapping.random() < FLAPPING_SHARE:
            episode += _flaps(flapping, configuration, at)
        if not full and refused.random() < REFUSED_SHARE:
            episode += _refused_restart(refused, configuration, focus)
        events += sorted(episode, key=lambda event: event.at)
        at = max(event.at + _lasts(event) for event in episode) + RECOVERY_SECONDS
        settle_at.append(at)
    if configuration.brake is not None:
        events += acknowledgements(seed, at)
    wrong = random.choice((0.0, 0.0, 0.2, 1.2))
    names = [f"{name}/{number}" for name in ("router", "restarter", "operator") for number in (0, 1)]
    names += [f"monitor/{name}" for name in vantages]
    skews = {name: random.uniform(-wrong, wrong) for name in names}
    return _refused(Plan(seed, configuration, vantages, tuple(events), at + 1.0, tuple(settle_at), skews, full))


def _refused(plan: Plan) -> Plan:
    """With what EC2 refuses for good, in some worlds; with the real Monitor it would take too long."""
    random = Random(f"refusals {plan.seed}")
    if not plan.full and random.random() < refusals.SHARE:
        plan = refusals.with_refusals(plan, random)
    return replace(plan, lag=refusals.lag(plan.seed), vanishing=True)


def _troubles(random: Random, fates: Fates, at: float, length: float, focus: float) -> Iterator[Event]:
    """Troubles come together: most of an episode falls around one moment, where one meets another."""
    for _ in range(random.randint(1, 8)):
        event = fates.event(at, length)
        yield replace(event, at=focus + random.uniform(-25.0, 25.0)) if random.random() < 0.6 else event


def _flaps(random: Random, configuration: Configuration, at: float) -> list[Event]:
    """A line that is cut again and again, each time as soon as it has been called HEALTHY, or some minutes later."""
    target, pause = random.choice(list(configuration.targets)), random.choice((45.0, 90.0, 240.0))
    cuts = []
    for _ in range(random.randint(2, 5)):
        cuts.append(Event(at, Kind.CUT, target, seconds=random.uniform(4.0, 20.0)))
        at += cuts[-1].seconds + pause * random.uniform(0.9, 1.5)
    return cuts


def _refused_restart(random: Random, configuration: Configuration, focus: float) -> list[Event]:
    """An instance hangs. EC2 never stops it, or has no capacity to start it again, and its standby may hang, too."""
    instances = [t.instance for t in configuration.targets.values() if t.instance is not None and t.restart is not None]
    if len(instances) < 2:
        return []
    subject, other, *_ = random.sample(instances, len(instances))
    at = focus + random.uniform(-25.0, 25.0)
    hang = Event(at, Kind.HANG, subject, seconds=random.uniform(10.0, 100.0))
    if random.random() < 0.4:
        protected = float(random.random() < 0.5)
        return [Event(at, Kind.UNSTOPPABLE, subject, seconds=random.uniform(600.0, 2400.0), amount=protected), hang]
    trouble = [Event(at, Kind.NO_CAPACITY, subject, seconds=random.uniform(1200.0, 1800.0)), hang]
    if random.random() < 0.5:
        trouble.append(Event(at + random.uniform(300.0, 900.0), Kind.HANG, other, seconds=random.uniform(10.0, 100.0)))
    return trouble


def _lasts(event: Event) -> float:
    return 0.0 if event.kind is Kind.HANG else event.seconds


def brake(seed: int) -> Brake | None:
    """A small one in some worlds; out of chances of its own, so that worlds without one are as they ever were."""
    random = Random(f"brake {seed}")
    if random.random() < 0.6:
        return None
    return Brake(random.choice((1, 2, 3, 5)), random.choice((600.0, 3600.0, 3600.0)))


def acknowledgements(seed: int, until: float) -> list[Event]:
    """People who acknowledge soon, late or never. They come last: others' chances hang on their place in the plan."""
    random = Random(f"acknowledgements {seed}")
    who = {"action": "acknowledge", "by": random.choice(("ann", "bob")), "reason": "simulated"}
    count = random.choice((0, 1, 1, 2, 4))
    return [Event(random.uniform(180.0, until), Kind.ASK, payload=who) for _ in range(count)]


def _with_odd_paths(configuration: Configuration, random: Random) -> Configuration:
    """Where what is probed and what is gone through are two things.

    Through an instance that another group probes and this one does not; to a far end that is probed, over two
    instances that it does not depend on.
    """
    groups, failback = dict(configuration.groups), FailbackPolicy(FailbackMode.AUTO, 60.0)
    if random.random() < 0.15:
        *paths, last = groups["private-b"].paths
        odd = (*paths, last) if last.name == "managed" else (*paths, replace(last, target=None))
        groups["private-b"] = replace(groups["private-b"], paths=odd)
    if random.random() < 0.15:
        over = tuple(Path(f"over-{x}", "dx", (NextHop(NextHopKind.INSTANCE, f"i-{x}"),)) for x in ("a", "b"))
        groups["far"] = Group("far", (VpcRoute(("rtb-c0",), "10.0.0.0/8"),), over, failback)
    return replace(configuration, groups=groups)


def _returning(configuration: Configuration, random: Random) -> Configuration:
    """With damping and windows at random; a sequence of its own leaves the rest of every world as it was."""

    def failback(base: FailbackPolicy) -> FailbackPolicy:
        half_life = random.choice((60.0, 300.0, 900.0))
        rule = Damping(half_life, random.choice((1500.0, 2000.0, 2500.0)), 750.0, half_life * random.choice((2.0, 4.0)))
        damping = rule if random.random() < 0.85 else None
        if base.mode is FailbackMode.MANUAL or random.random() < 0.7:
            return replace(base, damping=damping)
        zone = (
            _changing(random) if random.random() < 0.5 else ZoneInfo(random.choice(("Europe/Berlin", "Asia/Kolkata")))
        )
        windows = tuple(_window(random) for _ in range(random.choice((1, 1, 2))))
        return FailbackPolicy(FailbackMode.WINDOW, base.after_seconds, damping, Windows(zone, windows))

    groups = {name: replace(group, failback=failback(group.failback)) for name, group in configuration.groups.items()}
    return replace(configuration, groups=groups)


def _changing(random: Random) -> tzinfo:
    """A zone in which clocks are put forward or back by an hour, within the first hours of the run."""
    hours = [timedelta(hours=number) for number in random.choice(((-5, -4), (10, 11)))]
    random.shuffle(hours)
    return ChangingClocks(START + 300.0 * random.randrange(60), *hours)


def _window(random: Random) -> Window:
    opens = 5 * random.randrange(288)
    closes = (opens + 5 * random.choice((2, 6, 36, 144, 276))) % 1440
    days = frozenset(random.sample(list(Day), random.choice((7, 7, 4))))
    return Window(time(opens // 60, opens % 60), time(closes // 60, closes % 60), days)


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

    host = "i-vpn" if restart is not None and random.random() < 0.4 else None

    def target(name: str, instance: str | None = None, restart: RestartPolicy | None = restart) -> Target:
        return Target(
            name,
            (IcmpProbe(name, detection.probe_timeout_seconds),),
            quorum=quorum,
            detection=detection,
            instance=instance,
            restart=restart if instance is not None else None,
        )

    own = replace(policy, group="vpn")
    targets = [target("dx"), target("vpn", host, own), target("nat-a", "i-a"), target("nat-b", "i-b")]
    return Configuration({t.name: t for t in targets}, {g.name: g for g in _groups(random)})


def _groups(random: Random) -> list[Group]:
    def failback() -> FailbackPolicy:
        mode = FailbackMode.AUTO if random.random() < 0.85 else FailbackMode.MANUAL
        return FailbackPolicy(mode, random.choice((20.0, 60.0, 120.0)))

    dx_hop = NextHop(NextHopKind.ATTACHMENT, "tgw-attach-dx") if random.random() < 0.4 else None
    vpn_hop = NextHop(NextHopKind.ATTACHMENT, "tgw-attach-vpn")
    idc = (Path("dx", "dx", (dx_hop,)), Path("vpn", "vpn", (vpn_hop,)))
    nat_a = Path("nat-a", "nat-a", (NextHop(NextHopKind.INSTANCE, "i-a"),))
    nat_b = Path("nat-b", "nat-b", (NextHop(NextHopKind.INSTANCE, "i-b"),))
    managed = Path("managed", None, (NextHop(NextHopKind.NAT_GATEWAY, "nat-1"),))
    last = (managed,) if random.random() < 0.3 else ()
    tables = tuple(f"rtb-a{number}" for number in range(random.randint(1, 3)))
    return [
        Group("idc", (TgwPrefixList("tgw-rtb-1", "pl-1"),), idc, failback()),
        Group(
            "private-a",
            (VpcRoute(tables, "0.0.0.0/0"),),
            (nat_a, nat_b, *last),
            failback(),
        ),
        Group("private-b", (VpcRoute(("rtb-b0",), "0.0.0.0/0"),), (nat_b, nat_a, *last), failback()),
    ]

"""What each kind of event does to the world, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final, assert_never

from lab.simulator import refusals
from lab.simulator.ec2 import Boot, Machine
from lab.simulator.lines import FLICKER_SECONDS, Bursts
from lab.simulator.plan import Event, Kind
from lab.simulator.world import End, World

_CHANCES: Final = {
    Kind.STORE_FAILS: "store", Kind.CRASHES: "crash", Kind.TWINS: "twins",
    Kind.STREAM_LATE: "late", Kind.STREAM_TWICE: "twice", Kind.STREAM_LOST: "lost", Kind.EVENTS_LOST: "unheard",
}  # fmt: skip
"""The attribute of `Chances` that a kind adds its amount, or 1, to."""


def happening(world: World, event: Event, random: Random) -> End | None:
    """Let the event happen; what ends it, or None where it is over at once."""
    match event.kind:
        case Kind.CUT | Kind.LOSS | Kind.BURSTS | Kind.FLICKER | Kind.DELAY:
            return _line(world, event)
        case Kind.VANTAGE_DEAF | Kind.VANTAGE_MUTE | Kind.VANTAGE_DEAD | Kind.VANTAGE_CUT_OFF | Kind.MONITOR_KILLED:
            return _vantage(world, event)
        case Kind.HANG | Kind.NO_START | Kind.NO_CAPACITY | Kind.UNSTOPPABLE | Kind.STOPPED | Kind.TERMINATED:
            return _instance(world, event)
        case Kind.SPOT_WARNED | Kind.SCALED_IN | Kind.MAINTENANCE:
            return _announcement(world, event)
        case Kind.THROTTLED | Kind.UNANSWERED | Kind.DENIED | Kind.STALE:
            return _calls(world, event)
        case Kind.DRIFT | Kind.TABLE_GONE | Kind.SPOILT:
            return _group(world, event, random)
        case Kind.HOP_GONE | Kind.HOP_UNFIT | Kind.UNTAGGED | Kind.TABLE_FULL | Kind.LIST_GONE:
            return refusals.begin(world, event, random)
        case (
            Kind.STORE_FAILS | Kind.CRASHES | Kind.TWINS
            | Kind.STREAM_LATE | Kind.STREAM_TWICE | Kind.STREAM_LOST | Kind.EVENTS_LOST
        ):  # fmt: skip
            return _added(world.chances, _CHANCES[event.kind], event.amount or 1)
        case Kind.POISON | Kind.ASK:
            return world.on_poison() if event.kind is Kind.POISON else world.on_ask(dict(event.payload))
        case _:
            assert_never(event.kind)


def _added(holder: Any, name: str, amount: float) -> End:
    """Add to an attribute; the end takes it off again."""
    setattr(holder, name, getattr(holder, name) + amount)

    def end() -> None:
        left = getattr(holder, name) - amount
        setattr(holder, name, 0 if abs(left) < 1e-9 else left)

    return end


def _line(world: World, event: Event) -> End:
    lines = world.pairs(event)
    if event.kind in (Kind.BURSTS, Kind.FLICKER):
        for number, line in enumerate(lines):
            line.bursts = Bursts(event.amount, world.random(f"bursts {event.at} {number}"))
            if event.kind is Kind.FLICKER:
                line.bursts.seconds, line.bursts.loss = FLICKER_SECONDS, 1.0

        def calm() -> None:
            for line in lines:
                line.bursts = None

        return calm
    name, amount = {
        Kind.CUT: ("cuts", 1.0),
        Kind.LOSS: ("loss", event.amount),
        Kind.DELAY: ("delay", event.amount),
    }[event.kind]
    ends = [_added(line, name, amount) for line in lines]

    def over() -> None:
        for end in ends:
            end()

    return over


def _vantage(world: World, event: Event) -> End | None:
    place = world.places[event.vantage]
    if event.kind is Kind.MONITOR_KILLED:
        place.broken_at = world.kernel.now
        world.on_monitor_killed(event.vantage)
        return None
    name = {
        Kind.VANTAGE_DEAF: "deaf",
        Kind.VANTAGE_MUTE: "mute",
        Kind.VANTAGE_DEAD: "dead",
        Kind.VANTAGE_CUT_OFF: "cut_off",
    }[event.kind]
    if not place.troubled:
        place.began_at = world.kernel.now
    end = _added(place, name, 1)
    if event.kind is Kind.VANTAGE_DEAD:
        world.on_monitor_killed(event.vantage)

    def over() -> None:
        end()
        place.troubled_at = world.kernel.now
        if event.kind in (Kind.VANTAGE_DEAD, Kind.VANTAGE_CUT_OFF):
            place.broken_at = world.kernel.now

    return over


def _instance(world: World, event: Event) -> End | None:
    machine = world.ec2.machines[event.subject]
    match event.kind:
        case Kind.HANG:
            machine.hung, machine.forced_only, machine.stop_seconds = True, bool(event.amount), event.seconds
            return None
        case Kind.NO_CAPACITY:
            return _added(machine, "short_of", 1)
        case Kind.UNSTOPPABLE:
            return _unstoppable(machine, event)
        case Kind.NO_START:
            machine.boots = Boot(int(event.amount))
            machine.starts = machine.boots is not Boot.WELL

            def can() -> None:
                machine.starts, machine.boots = True, Boot.WELL

            return can
        case Kind.STOPPED:
            if machine.state == "running":
                world.ec2.stop(event.subject, forced=False, by="somebody")

            def start() -> None:
                if machine.state == "stopped" and not machine.short_of:
                    machine.starts = True
                    world.ec2.start(event.subject)

            return start
        case _:
            world.ec2.terminate(event.subject)
            return None


def _unstoppable(machine: Machine, event: Event) -> End:
    machine.unstoppable = "OperationNotPermitted" if event.amount else "UnsupportedOperation"

    def mended() -> None:
        machine.unstoppable = None
        machine.hung = machine.forced_only = False  # by a person, who is the only one who can

    return mended


def _announcement(world: World, event: Event) -> End | None:
    machine, now = world.ec2.machines[event.subject], world.kernel.now

    def go(act: Callable[[], None]) -> Callable[[], None]:
        return lambda: act() if machine.state == "running" else None

    match event.kind:
        case Kind.SPOT_WARNED:
            world.on_spot(event.subject)
            stop = go(lambda: world.ec2.stop(event.subject, forced=False, by="somebody"))
            world.ends.append(now + 120.0)
            world.kernel.at(now + 120.0, stop, planned=True)

            def start() -> None:
                if machine.state == "stopped" and not machine.short_of:
                    machine.starts = True
                    world.ec2.start(event.subject)

            return start
        case Kind.SCALED_IN:
            world.on_scaled_in(event.subject)
            if event.amount:
                world.ends.append(now + 60.0)
                world.kernel.at(now + 60.0, go(lambda: world.ec2.terminate(event.subject)), planned=True)
            return None
        case _:
            window = now + event.amount, now + event.seconds
            world.on_maintenance(event.subject, window, "upcoming")
            return lambda: world.on_maintenance(event.subject, window, "closed")


def _calls(world: World, event: Event) -> End:
    faults = world.ec2.faults
    held = {
        Kind.THROTTLED: faults.throttled,
        Kind.UNANSWERED: faults.unanswered,
        Kind.DENIED: faults.denied,
        Kind.STALE: faults.stale,
    }[event.kind]
    held[event.subject] = event.amount

    def end() -> None:
        held.pop(event.subject, None)
        world.troubled[event.subject] = world.kernel.now
        if event.kind is Kind.STALE:
            world.stale_at[event.subject] = world.kernel.now

    return end


def _group(world: World, event: Event, random: Random) -> End | None:
    match event.kind:
        case Kind.DRIFT:
            world.drift(event.subject, random)
            return None
        case Kind.SPOILT:
            return world.spoil(event.subject)
        case _:
            taken = {t: r for t, r in world.ec2.routes.items() if event.subject in world.owners.get(t, ())}
            if not taken:
                return None
            table, routes = sorted(taken.items())[random.randrange(len(taken))]
            del world.ec2.routes[table]

            def back() -> None:
                world.ec2.routes[table] = routes
                for destination in routes:
                    world.is_foreign(f"{table} {destination}")

            return back

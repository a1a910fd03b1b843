"""A configuration in words: what would be watched, how soon a cut is noticed, and what would be moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from routekeeper.config.durations import render
from routekeeper.domain.settings import (
    BURST_INTERVAL_SECONDS,
    Brake,
    Configuration,
    Group,
    HttpProbe,
    IcmpProbe,
    Path,
    Probe,
    Quorum,
    RestartPolicy,
    Target,
    TcpProbe,
    WatchMode,
)
from routekeeper.domain.steering import NextHop, NextHopKind, Steering, TgwPrefixList, VpcRoute
from routekeeper_cli.words.failback import failback_lines
from routekeeper_cli.words.figures import count
from routekeeper_cli.words.grey import Counting, grey_lines

_HOPS: Final = {
    NextHopKind.ATTACHMENT: "attachment",
    NextHopKind.INSTANCE: "instance",
    NextHopKind.NETWORK_INTERFACE: "network interface",
    NextHopKind.NAT_GATEWAY: "NAT gateway",
    NextHopKind.TRANSIT_GATEWAY: "transit gateway",
    NextHopKind.VPC_ENDPOINT: "VPC endpoint",
    NextHopKind.VIRTUAL_PRIVATE_GATEWAY: "virtual private gateway",
}


def summarize(configuration: Configuration) -> str:
    """The configuration for a reader who wants to know what it will do; lines without a final newline."""
    return "\n".join(_lines(configuration))


def _lines(configuration: Configuration) -> Iterator[str]:
    targets, groups = len(configuration.targets), len(configuration.groups)
    yield f"{count(targets, 'target')} watched, {count(groups, 'group')} steered."
    bursts = configuration.watch is WatchMode.BURST
    beat = BURST_INTERVAL_SECONDS if bursts else configuration.heartbeat_interval_seconds
    stale = render(configuration.stale_after_seconds)
    yield f"A vantage reports every {render(beat)} and does not vote once silent for {stale}."
    yield _brake(configuration.brake)
    counting = Counting()
    for target in configuration.targets.values():
        yield ""
        yield from _target(target, counting, bursts=bursts)
    for group in configuration.groups.values():
        yield ""
        yield from _group(group)
    for name, restarted in configuration.restart_groups().items():
        yield ""
        yield f"Restarts '{name}', at most one instance at a time:"
        for target in restarted:
            if target.restart is not None:
                yield from _restart(target, target.restart)


def _brake(brake: Brake | None) -> str:
    if brake is None:
        return "No brake: however often traffic is moved, nobody is asked."
    limit = f"{count(brake.moves, 'move')} within {render(brake.per_seconds)}"
    return f"After {limit} only UNHEALTHY paths are left, until a person has acknowledged."


def _target(target: Target, counting: Counting, *, bursts: bool) -> Iterator[str]:
    rule = target.detection
    several = f", {target.require.value} of which must succeed" if len(target.probes) > 1 else ""
    yield f"Target '{target.name}', {count(len(target.probes), 'probe')}{several}:"
    for probe in target.probes:
        yield f"  - {_probe(probe)}"
    interval = BURST_INTERVAL_SECONDS if bursts else rule.probe_interval_seconds
    yield (
        f"  probed {'in a burst every' if bursts else 'every'} {render(interval)},"
        f" and every {render(rule.suspect_interval_seconds)} while an answer is overdue"
    )
    timeout = target.seconds_to_loss
    noticed = rule.seconds_to_notice(timeout)
    yield (
        f"  UNHEALTHY after {count(rule.unhealthy_threshold, 'loss', 'losses')} in a row"
        f"{_spanning(rule.unhealthy_for_seconds)}:"
    )
    yield (
        f"    a cut is noticed {render(noticed)} after the first lost probe,"
        f" so at most {render(noticed + interval)} after it happened"
    )
    yield from grey_lines(rule, timeout, counting)
    yield (
        f"  HEALTHY again after {count(rule.healthy_threshold, 'answer')} in a row"
        f"{_spanning(rule.healthy_for_seconds)}; UNKNOWN after {render(rule.unknown_after_seconds)} without evidence"
    )
    yield f"  {_quorum(target.quorum)}"


def _spanning(seconds: float) -> str:
    return f" over at least {render(seconds)}" if seconds else ""


def _probe(probe: Probe) -> str:
    wait = render(probe.timeout_seconds)
    match probe:
        case IcmpProbe():
            return f"ICMP echo to {probe.host}, answered within {wait}"
        case TcpProbe():
            end = f"[{probe.host}]:{probe.port}" if ":" in probe.host else f"{probe.host}:{probe.port}"
            answer = "a completed handshake" if probe.handshake else "accepted or refused"
            return f"TCP connection to {end}, {answer} within {wait}"
        case HttpProbe():
            status = " or ".join(str(code) for code in probe.expected_status)
            unchecked = "" if probe.verify_certificate else ", certificate not verified"
            return f"GET {probe.url}, status {status} within {wait}{unchecked}"
        case _:
            assert_never(probe)


def _quorum(quorum: Quorum) -> str:
    match quorum:
        case Quorum.ANY:
            return "one vantage is enough for a verdict"
        case Quorum.MAJORITY:
            return "a majority of the vantages makes the verdict"
        case Quorum.ALL:
            return "all vantages must agree on the verdict"
        case _:
            assert_never(quorum)


def _group(group: Group) -> Iterator[str]:
    yield f"Group '{group.name}' steers {' and '.join(map(_steering, group.steering))}:"
    for number, path in enumerate(group.paths, start=1):
        yield f"  {number}. {_path(path)}"
    yield from failback_lines(group.failback)


def _steering(steering: Steering) -> str:
    match steering:
        case TgwPrefixList():
            return f"prefix list {steering.prefix_list} in transit gateway route table {steering.route_table}"
        case VpcRoute():
            tables = "route table" if len(steering.route_tables) == 1 else "route tables"
            return f"{steering.destination} in {tables} {', '.join(steering.route_tables)}"
        case _:
            assert_never(steering)


def _path(path: Path) -> str:
    way = " and ".join(map(_way, path.next_hops))
    condition = "always taken as HEALTHY" if path.target is None else f"while '{path.target}' is HEALTHY"
    return f"{path.name}: {way}, {condition}"


def _way(next_hop: NextHop | None) -> str:
    if next_hop is None:
        return "without a prefix-list reference, as routing protocols have it"
    return f"through {_HOPS[next_hop.kind]} {next_hop}"


def _restart(target: Target, policy: RestartPolicy) -> Iterator[str]:
    yield (
        f"  - {target.instance} once '{target.name}' has been UNHEALTHY for {render(policy.after_seconds)} and traffic"
        f" has left it, at most {count(policy.attempts, 'time')} in {render(policy.per_seconds)};"
    )
    yield (
        f"    the stop is forced after {render(policy.stop_timeout_seconds)}, and it must be HEALTHY"
        f" {render(policy.boot_timeout_seconds)} after its start"
    )

"""A configuration for programs: what would be watched, how soon a cut is noticed, and what would be moved."""

from __future__ import annotations

from routekeeper.domain.settings import BURST_INTERVAL_SECONDS, Configuration, Group, Target, WatchMode


def facts(configuration: Configuration) -> dict[str, object]:
    """What the main lines of the summary say, for JSON. Durations are in seconds."""
    brake = configuration.brake
    bursts = configuration.watch is WatchMode.BURST
    return {
        "watch": configuration.watch.value,
        "brake": None if brake is None else {"moves": brake.moves, "per_seconds": brake.per_seconds},
        "targets": {
            name: _target(target, BURST_INTERVAL_SECONDS if bursts else target.detection.probe_interval_seconds)
            for name, target in configuration.targets.items()
        },
        "groups": {name: _group(group) for name, group in configuration.groups.items()},
        "restart_groups": {
            name: [target.name for target in restarted] for name, restarted in configuration.restart_groups().items()
        },
    }


def _target(target: Target, interval_seconds: float) -> dict[str, object]:
    noticed_seconds = target.detection.seconds_to_notice(target.seconds_to_loss)
    return {
        "probes": len(target.probes),
        "quorum": target.quorum.value,
        "probe_interval_seconds": interval_seconds,
        "cut_noticed_after_first_loss_seconds": round(noticed_seconds, 6),
        "cut_noticed_at_most_seconds": round(noticed_seconds + interval_seconds, 6),
    }


def _group(group: Group) -> dict[str, object]:
    return {
        "paths": [{"name": path.name, "target": path.target} for path in group.paths],
        "failback": group.failback.mode.value,
    }

"""The detection keys, in `defaults` and on every target, and what must hold between them."""

from __future__ import annotations

from typing import Final

from routekeeper.config import grey, limits
from routekeeper.config.durations import render
from routekeeper.config.section import Section
from routekeeper.config.values import duration, whole
from routekeeper.domain.detection import Detection

KEYS: Final = (
    "probe_interval",
    "suspect_interval",
    "probe_timeout",
    "unhealthy_threshold",
    "unhealthy_for",
    "healthy_threshold",
    "healthy_for",
    "unknown_after",
    *grey.KEYS,
)

_FASTEST_SECONDS: Final = 0.01
"""More probes than this would load the line that they should judge."""
_LONGEST_TIMEOUT_SECONDS: Final = 10.0
"""No verdict comes sooner than the first timeout, and every probe under way holds a socket open."""
_interval = duration(limits.HOUR, least=_FASTEST_SECONDS)
_span = duration(limits.DAY)
_memory = duration(limits.DAY, least=_FASTEST_SECONDS)
MOST_IN_A_ROW: Final = 1000
_count = whole(1, MOST_IN_A_ROW)
timeout: Final = duration(_LONGEST_TIMEOUT_SECONDS, least=_FASTEST_SECONDS)


def read_detection(section: Section, base: Detection, doubtful: frozenset[str] = frozenset()) -> Detection:
    """The detection that a section asks for. What it does not say is as in `base`. `judge_timeout` must follow.

    The `doubtful` keys of `base` stand in for values that could not be read. Nothing is judged by them.
    """
    optional = section.optional
    rule = Detection(
        probe_interval_seconds=optional("probe_interval", _interval, base.probe_interval_seconds),
        suspect_interval_seconds=optional("suspect_interval", _interval, base.suspect_interval_seconds),
        probe_timeout_seconds=optional("probe_timeout", timeout, base.probe_timeout_seconds),
        unhealthy_threshold=optional("unhealthy_threshold", _count, base.unhealthy_threshold),
        unhealthy_for_seconds=optional("unhealthy_for", _span, base.unhealthy_for_seconds),
        healthy_threshold=optional("healthy_threshold", _count, base.healthy_threshold),
        healthy_for_seconds=optional("healthy_for", _span, base.healthy_for_seconds),
        unknown_after_seconds=optional("unknown_after", _memory, base.unknown_after_seconds),
        loss=grey.read_loss(section, base.loss),
        latency=grey.read_latency(section, base.latency),
    )
    if _unread(section, doubtful).isdisjoint(("suspect_interval", "probe_interval")):
        _judge_intervals(section, rule)
    return rule


def judge_timeout(
    section: Section, rule: Detection, doubtful: frozenset[str] = frozenset(), source: str = "probe_timeout"
) -> None:
    """Note what cannot work with the rule's timeout, which comes from the key `source`. `doubtful` is as above."""
    unread = _unread(section, doubtful)
    if unread.isdisjoint(("unknown_after", "probe_interval", "probe_timeout")):
        _judge_expiry(section, rule, source)
    if unread.isdisjoint(("latency", "probe_timeout")):
        grey.judge_latency(section, rule.latency, rule.probe_timeout_seconds, source)


def _unread(section: Section, doubtful: frozenset[str]) -> frozenset[str]:
    """The keys whose values could not be read, in this section or in the `doubtful` ones that it takes over."""
    return section.unsound | {key for key in doubtful if key not in section}


def _judge_intervals(section: Section, rule: Detection) -> None:
    # A section is blamed only for what it says: a target that overrides neither is not blamed for the defaults.
    keys = [key for key in ("suspect_interval", "probe_interval") if key in section]
    if keys and rule.suspect_interval_seconds > rule.probe_interval_seconds:
        section.reject(
            keys[0],
            f"suspect_interval {render(rule.suspect_interval_seconds)} is longer than probe_interval"
            f" {render(rule.probe_interval_seconds)}, expected at most as long: suspicion speeds probing up",
        )


def _judge_expiry(section: Section, rule: Detection, source: str) -> None:
    keys = [key for key in ("unknown_after", "probe_interval", source) if key in section]
    needed = rule.probe_interval_seconds + rule.probe_timeout_seconds
    if keys and rule.unknown_after_seconds <= needed:
        section.reject(
            keys[0],
            f"unknown_after {render(rule.unknown_after_seconds)} would forget a verdict between two probes,"
            f" expected more than probe_interval and {grey.TIMEOUTS[source]} together ({render(needed)})",
        )


def seconds_until_healthy(rule: Detection) -> float:
    """The least time from the first answer to HEALTHY for a target that was UNHEALTHY."""
    return max(rule.healthy_for_seconds, (rule.healthy_threshold - 1) * rule.probe_interval_seconds)

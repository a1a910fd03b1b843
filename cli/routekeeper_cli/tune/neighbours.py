"""Settings that differ from the present ones in one thing. Each can be written into the configuration.

A neighbour is a change to the document. The configuration's own reader says what it means, or refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from routekeeper import config
from routekeeper.config.durations import render
from routekeeper.config.grey import render_share
from routekeeper.domain.cusum import Loss
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import Target, WatchMode

GREY_SHARE = 0.3
"""The loss that counts as unacceptable if the configuration does not say."""
PRESENT = "as configured"
_LEAST_USUAL, _APART, _LONGEST_BURST_SECONDS = 0.0001, 3, 1.0
_SOME_GROUP = {
    "steering": {"type": "vpc-route", "route_tables": ["rtb-00000000"], "destination": "0.0.0.0/0"},
    "paths": [{"name": name, "instance": f"i-0000000{name}"} for name in ("1", "2")],
}
"""A document needs at least one group. Any group will do for a target, and the real ones name other targets."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A key of a target's section with another value."""

    key: str
    value: object
    told: str
    """What differs, as it is written: `key: value`, or `key.key: value` inside a mapping."""


def neighbours(document: Document, target: Target, usual: Loss) -> Iterator[tuple[str, Target]]:
    """The target with each change, and what is changed in words of the configuration. The present one comes first."""
    yield PRESENT, target
    for change in _changes(document, target, usual):
        changed = _read(document, target, change)
        if changed is not None and changed.detection != target.detection:
            yield change.told, changed


def _read(document: Document, target: Target, change: Change) -> Target | None:
    """The target that the document would describe with the change; None if it would be refused."""
    section = {**document["targets"][target.name], change.key: change.value}
    changed = {**document, "targets": {target.name: section}, "groups": {"some": _SOME_GROUP}}
    try:
        return config.from_document(changed, work_out=True).targets[target.name]
    except ConfigurationError:
        return None


def _changes(document: Document, target: Target, usual: Loss) -> Iterator[Change]:
    rule = target.detection
    for count in (rule.unhealthy_threshold // 2, rule.unhealthy_threshold * 2):
        yield _plain("unhealthy_threshold", count)
    for seconds in (rule.unhealthy_for_seconds / 2, 2 * rule.seconds_to_notice(target.seconds_to_loss)):
        yield _plain("unhealthy_for", render(seconds))
    for seconds in (rule.suspect_interval_seconds / 2, rule.suspect_interval_seconds * 2):
        yield _plain("suspect_interval", render(seconds))
    if document.get("watch") != WatchMode.BURST.value:  # whose looks are a minute apart, whatever the interval
        for seconds in (rule.probe_interval_seconds / 2, rule.probe_interval_seconds * 2):
            yield _plain("probe_interval", render(seconds))
    yield from _of_loss(document, target, usual)
    yield from _of_latency(document, target)


def _of_loss(document: Document, target: Target, usual: Loss) -> Iterator[Change]:
    loss = target.detection.loss
    if loss is None:
        share = min(max(usual.share, _LEAST_USUAL), GREY_SHARE)
        given = {
            "usual": _share(share),
            "unacceptable": _share(max(GREY_SHARE, _APART * share)),
            "bursts": render(min(usual.burst_seconds, _LONGEST_BURST_SECONDS)),
        }
        told = ", ".join(f"{key}: {value}" for key, value in given.items())
        yield Change("loss", given, f"loss: {{{told}}}")
        return
    yield _plain("loss", "off")
    for share in (loss.unacceptable * 2 / 3, loss.unacceptable * 3 / 2):
        yield _inside(document, target, "loss", "unacceptable", _share(share))
    for burst in (0.0, max(0.1, 2 * loss.burst_seconds)):
        yield _inside(document, target, "loss", "bursts", render(burst))
    yield _inside(document, target, "loss", "false_alarms", _monthly(loss.false_alarms_per_year))


def _of_latency(document: Document, target: Target) -> Iterator[Change]:
    latency = target.detection.latency
    if latency is not None:
        yield _plain("latency", "off")
        yield _inside(document, target, "latency", "false_alarms", _monthly(latency.false_alarms_per_year))


def _plain(key: str, value: object) -> Change:
    return Change(key, value, f"{key}: {value}")


def _inside(document: Document, target: Target, key: str, inner: str, value: str) -> Change:
    """A change inside a rule. A rule is replaced as a whole, so the rest of it is repeated."""
    own = document["targets"][target.name]
    present = own[key] if key in own else document["defaults"][key]
    return Change(key, {**present, inner: value}, f"{key}.{inner}: {value}")


def _share(part: float) -> str:
    """As a configuration may say it, in at most four digits."""
    return render_share(float(f"{part:.4g}"))


def _monthly(times: float) -> str:
    """The frequency with `a year` replaced by `a month`."""
    return f"{times:.3f}".rstrip("0").rstrip(".") + " a month"

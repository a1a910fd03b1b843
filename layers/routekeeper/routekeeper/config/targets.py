"""Targets: what is probed, how it is judged, and when its instance is restarted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final, assert_never

from routekeeper.config import aws_ids, detection, limits, values
from routekeeper.config.durations import render
from routekeeper.config.probes import read_probe
from routekeeper.config.problems import Problems
from routekeeper.config.section import Section, open_section
from routekeeper.config.thresholds import Source
from routekeeper.config.tree import Node
from routekeeper.domain.detection import Detection
from routekeeper.domain.settings import IcmpProbe, Probe, Quorum, Require, RestartPolicy, Target

_KEYS: Final = ("probes", "require", "quorum", "instance", "restart", *detection.KEYS)
_RESTART_KEYS: Final = ("after", "stop_timeout", "boot_timeout", "attempts", "per", "group")
_wait = values.duration(limits.WEEK, least=1)
_stop = values.duration(limits.DAY, least=1)
_period = values.duration(limits.MONTH, least=1)


class TargetReader:
    """Reads all targets of one document, because some rules hold between them."""

    def __init__(self, base: Detection, defaults: Section | None, problems: Problems, thresholds: Source) -> None:
        """`base` is what the section `defaults` asks for."""
        self._thresholds = thresholds
        self._base = base
        self._defaults = defaults
        self._doubtful = frozenset[str]() if defaults is None else defaults.unsound
        """The keys of `defaults` that could not be read. Nothing is judged by them."""
        self._problems = problems
        self._restarted_by: dict[str, str] = {}
        """The target that restarts an instance, by instance."""

    def read(self, section: Section | None) -> dict[str, Target | None]:
        """Every target by name; None for an unusable one, so that references to it are not reported as unknown."""
        if section is None:
            return {}
        named = section.named("target", limits.TARGETS)
        return {name: self._target(name, node, section.at(name)) for name, node in named}

    def _target(self, name: str, node: Node, where: str) -> Target | None:
        known = len(self._problems)
        section = open_section(node, where, self._problems, _KEYS)
        if section is None:
            return None
        rule = detection.read_detection(section, self._base, self._doubtful)
        probes, rule = self._probes(section, rule)
        standard = Target(name, probes)
        instance = section.optional("instance", aws_ids.instance, standard.instance)
        target = replace(
            standard,
            require=section.optional("require", values.choice(Require), standard.require),
            quorum=section.optional("quorum", values.choice(Quorum), standard.quorum),
            detection=rule,
            instance=instance,
            restart=self._restart(name, section, rule),
        )
        if target.restart is not None:
            self._judge_instance(name, instance, section)
        if not target.probes:
            return None
        _doubt_icmp(section, target)
        if self._doubtful or len(self._problems) > known:
            return target
        worked_out = self._thresholds.of(section, self._defaults, rule)
        return replace(target, detection=replace(rule, worked_out=worked_out)) if worked_out else target

    def _probes(self, section: Section, rule: Detection) -> tuple[tuple[Probe, ...], Detection]:
        """The probes, and the rule with the longest of their timeouts: after it every round has ended."""
        known = len(self._problems)
        listed = section.listed("probes", "probes such as {type: tcp, host: 10.0.1.10, port: 22}", limits.PROBES)
        read = [read_probe(node, where, rule.probe_timeout_seconds, self._problems) for where, node in listed]
        probes = tuple(probe for probe in read if probe is not None)
        longest = max((probe.timeout_seconds for probe in probes), default=rule.probe_timeout_seconds)
        source = "probe_timeout" if longest == rule.probe_timeout_seconds else "probes"
        rule = replace(rule, probe_timeout_seconds=longest)
        if len(self._problems) == known:
            detection.judge_timeout(section, rule, self._doubtful, source)
        return probes, rule

    def _restart(self, name: str, target: Section, rule: Detection) -> RestartPolicy | None:
        section = target.section("restart", _RESTART_KEYS)
        if section is None:
            return None
        standard = RestartPolicy(group=name)
        policy = RestartPolicy(
            group=section.optional("group", values.name, standard.group),
            after_seconds=section.optional("after", _wait, standard.after_seconds),
            stop_timeout_seconds=section.optional("stop_timeout", _stop, standard.stop_timeout_seconds),
            boot_timeout_seconds=section.optional("boot_timeout", _wait, standard.boot_timeout_seconds),
            attempts=section.optional("attempts", values.whole(1, 100), standard.attempts),
            per_seconds=section.optional("per", _period, standard.per_seconds),
        )
        if section.unsound.isdisjoint(("after", "attempts", "per")):
            _judge_attempts(section, policy)
        unread = section.unsound | target.unsound | self._doubtful
        if unread.isdisjoint(("boot_timeout", *detection.KEYS)):
            _judge_boot_timeout(section, policy, rule)
        return policy

    def _judge_instance(self, name: str, instance: str | None, section: Section) -> None:
        if instance is None:
            if "instance" not in section.unsound:
                section.reject("restart", "found no instance to restart, expected the key 'instance' beside it")
            return
        if (other := self._restarted_by.setdefault(instance, name)) != name:
            section.reject("instance", f"{instance} is restarted by target '{other}' too, expected one target to do so")


def _doubt_icmp(section: Section, target: Target) -> None:
    """Lambda supports TCP and UDP only (AWS Lambda FAQs)."""
    pings = [isinstance(probe, IcmpProbe) for probe in target.probes]
    match target.require:
        case Require.ANY:
            needed = all(pings)
        case Require.ALL:
            needed = any(pings)
        case _:
            assert_never(target.require)
    if needed:
        section.warn(
            "probes",
            "no verdict without ICMP, which Lambda may refuse to send: then the target stays UNKNOWN and nothing moves;"
            " add a TCP or HTTP probe, with 'require: any'",
        )


def _judge_boot_timeout(section: Section, policy: RestartPolicy, rule: Detection) -> None:
    needed = detection.seconds_until_healthy(rule)
    if policy.boot_timeout_seconds <= needed:
        section.reject(
            "boot_timeout",
            f"no restart can succeed within boot_timeout {render(policy.boot_timeout_seconds)}, expected more than"
            f" {render(needed)}, which HEALTHY takes by healthy_for, healthy_threshold and probe_interval",
        )


def _judge_attempts(section: Section, policy: RestartPolicy) -> None:
    # Each attempt waits twice as long as the one before it (domain.restart.next_attempt_at).
    waits = policy.after_seconds * (2.0**policy.attempts - 2)
    if waits >= policy.per_seconds:
        section.reject(
            "per" if "per" in section else "attempts",
            f"{policy.attempts} attempts never fall within {render(policy.per_seconds)} and would not end,"
            f" expected more than {_rounded(waits)}: every attempt waits twice as long as the one before it",
        )


def _rounded(seconds: float) -> str:
    return render(seconds if seconds < limits.DAY else math.ceil(seconds / limits.DAY) * limits.DAY)

"""How traffic returns: the key `failback` of a group, with its damping and its windows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime, time, tzinfo
from typing import Final

from routekeeper.config import limits, values
from routekeeper.config.durations import render
from routekeeper.config.problems import Rejected, describe, nearest
from routekeeper.config.section import Section, open_section
from routekeeper.domain.damping import FLAP, LOWEST_REUSE, Damping
from routekeeper.domain.settings import FailbackMode, FailbackPolicy
from routekeeper.domain.windows import Day, Window, Windows

_KEYS: Final = ("mode", "after", "damping", "time_zone", "windows")
_DAMPING_KEYS: Final = ("half_life", "suppress", "reuse", "longest")
_WINDOW_KEYS: Final = ("days", "from", "to")
_DAYS: Final = f"days out of {', '.join(day.value for day in Day)}"
_SHORTEST_WINDOW_SECONDS: Final = 300.0
"""The router is sure to look once a minute. A shorter window could close before it has looked."""
_ZONE: Final = re.compile(r"UTC|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z0-9_+-]+){1,2}", re.ASCII)
"""Only names of the IANA database: `localtime`, `right/...` and the like differ from machine to machine."""
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_period = values.duration(limits.DAY, least=1)
_limit = values.whole(int(LOWEST_REUSE), 1_000_000)


def read_failback(group: Section, flaps_apart_seconds: float | None) -> FailbackPolicy:
    """The group's way back. Problems with it are noted.

    Flaps of one of its paths are at least `flaps_apart_seconds` apart; None if that is not known.
    """
    section = group.section("failback", _KEYS)
    standard = FailbackPolicy()
    if section is None:
        return standard
    mode = section.optional("mode", values.choice(FailbackMode), standard.mode)
    after = section.optional("after", values.duration(limits.MONTH), standard.after_seconds)
    base = None if mode is FailbackMode.MANUAL else standard.damping
    return FailbackPolicy(mode, after, _damping(section, base, flaps_apart_seconds), _windows(section, mode))


def _damping(section: Section, base: Damping | None, flaps_apart_seconds: float | None) -> Damping | None:
    asked = section.section_or_off("damping", _DAMPING_KEYS)
    if asked is None:
        return None if "damping" in section else base
    standard = Damping()
    rule = Damping(
        asked.optional("half_life", _period, standard.half_life_seconds),
        asked.optional("suppress", _limit, standard.suppress),
        asked.optional("reuse", _limit, standard.reuse),
        asked.optional("longest", _period, standard.longest_seconds),
    )
    if not asked.unsound:
        _judge(asked, rule, flaps_apart_seconds)
    return rule


def _judge(asked: Section, rule: Damping, flaps_apart_seconds: float | None) -> None:
    suppress = "suppress" if "suppress" in asked else "reuse"
    if rule.suppress <= FLAP:
        asked.reject(
            "suppress",
            f"found the number {rule.suppress:g}, expected more than {FLAP:g}: one flap alone adds that much",
        )
    elif rule.reuse >= rule.suppress:
        asked.reject(
            "reuse" if "reuse" in asked else suppress,
            f"reuse {rule.reuse:g} would end what suppress {rule.suppress:g} has just begun, expected it to be less",
        )
    elif rule.suppress > rule.ceiling:
        place = next((key for key in ("suppress", "longest", "half_life") if key in asked), "reuse")
        asked.reject(
            place,
            f"suppress {rule.suppress:g} can never be reached: to fall below reuse {rule.reuse:g} within longest"
            f" {render(rule.longest_seconds)}, penalties end at {rule.ceiling:.0f}; expected less, or more time",
        )
    elif flaps_apart_seconds is not None and rule.suppress >= (most := rule.most(flaps_apart_seconds)):
        least = flaps_apart_seconds / -math.log2(1 - FLAP / rule.suppress)
        problem = (
            f"suppress {rule.suppress:g} can never be reached: flaps are {render(flaps_apart_seconds)} apart or more,"
            f" which HEALTHY takes between them; with half_life {render(rule.half_life_seconds)} penalties end below"
            f" {math.ceil(most)}; expected half_life to be more than {render(math.ceil(least))}, or less to suppress"
        )
        keys = [key for key in ("half_life", "suppress") if key in asked]
        if keys:
            asked.reject(keys[0], problem)
        else:
            asked.reject_whole(problem)


def _windows(section: Section, mode: FailbackMode) -> Windows | None:
    if mode is not FailbackMode.WINDOW:
        if "mode" not in section.unsound:
            for key in ("time_zone", "windows"):
                if key in section:
                    section.reject(key, f"without effect where mode is {mode.value}, expected mode: window")
        return None
    zone = section.required("time_zone", _zone)
    windows = tuple(_each_window(section))
    return Windows(zone, windows) if zone is not None and windows else None


def _each_window(section: Section) -> Iterator[Window]:
    for where, node in section.listed(
        "windows", 'windows such as {days: [sat, sun], from: "02:00", to: "05:00"}', limits.WINDOWS
    ):
        window = open_section(node, where, section.problems, _WINDOW_KEYS)
        if window is None:
            continue
        opens, closes = window.required("from", _clock), window.required("to", _clock)
        days = (
            frozenset(window.distinct("days", _DAYS, values.choice(Day), "day", len(Day))) if "days" in window else None
        )
        if opens is None or closes is None or days == frozenset():
            continue
        if 0 < _seconds(opens, closes) < _SHORTEST_WINDOW_SECONDS:
            least = render(_SHORTEST_WINDOW_SECONDS)
            window.reject("to", f"the window is over before it is sure to be noticed, expected at least {least}")
        yield Window(opens, closes) if days is None else Window(opens, closes, days)


def _seconds(opens: time, closes: time) -> float:
    """How long until clocks next show `closes`; 0 for a whole day."""
    monday = datetime(2001, 1, 1)  # noqa: DTZ001 - clocks on the wall, in no zone
    return (datetime.combine(monday, closes) - datetime.combine(monday, opens)).total_seconds() % 86_400


def _clock(value: object) -> time:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        # YAML 1.1 reads a bare 12:30 as the number 750.
        raise Rejected(f'found {describe(value)}, expected a time in quotes from "00:00" to "23:59"')
    return time(int(match[1]), int(match[2]))


def _zone(value: object) -> tzinfo:
    """The time zone of a name, always by the package tzdata and never by the machine's own rules.

    A window that is checked by one set of rules and kept by another would be worse than none. zoneinfo is imported
    here, because few configurations need it and functions start cold.
    """
    from zoneinfo import ZoneInfo, available_timezones, reset_tzpath  # noqa: PLC0415

    reset_tzpath(to=())
    if isinstance(value, str) and _ZONE.fullmatch(value) is not None:
        try:
            return ZoneInfo(value)
        except (KeyError, ValueError, OSError):  # OSError: a folder of zones
            pass
    expected = "expected the IANA name of a time zone such as Europe/Berlin, or UTC"
    if isinstance(value, str):
        names = tuple(sorted(name for name in available_timezones() if _ZONE.fullmatch(name)))
        hint = nearest(value, names)
        expected = hint if hint.startswith("did") else expected
    raise Rejected(f"found {describe(value)}, {expected}")

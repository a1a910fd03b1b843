"""Replays, told as timelines: the same decisions as in the functions."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, time
from itertools import pairwise

import pytest

from bench.decisions.lines import GilbertElliott
from bench.decisions.watching import changes
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LossRule
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.settings import Brake, Configuration, FailbackMode, Quorum
from routekeeper.domain.windows import Window, Windows
from routekeeper_cli import config_file
from routekeeper_cli.replay import (
    Braked,
    Event,
    Foreseen,
    HealthChange,
    Moved,
    RoundOutcome,
    Row,
    as_json,
    as_timeline,
    replay,
)
from tests.unit.config.documents import HERE

STANDARD = config_file.load(HERE / "good" / "smallest.yaml")
"""Targets dx and vpn; group idc prefers dx, and goes back after a minute."""


def beats(
    target: str, begins: float, ends: float, *, vantage: str = "a", every: float = 1.0, lost: bool = False
) -> Iterator[Row]:
    """A round each `every` seconds."""
    for number in range(round((ends - begins) / every)):
        outcome, took = (RoundOutcome.LOST, None) if lost else (RoundOutcome.OK, 0.01)
        yield Row(number + 2, begins + number * every, vantage, target, outcome, took)


def happened(rows: list[Row], configuration: Configuration = STANDARD) -> list[tuple[float, str, str]]:
    return [(round(event.time, 1), *_told(event)) for event in replay(rows, configuration)]


def _told(event: Event) -> tuple[str, str]:
    match event:
        case HealthChange():
            return event.target, event.health.value
        case Moved():
            return event.group, f"{event.from_path} -> {event.to}"
        case Braked():
            return "brake", f"{event.moves} in {event.per_seconds:.0f} s"
        case Foreseen():
            return event.group, f"{event.from_path} -> {event.to}, foreseen"


def a_cut(vantage: str = "a") -> list[Row]:
    """Two lines are well; dx is cut from 30 s to 60 s and probed faster then, until there is a verdict."""
    return [
        *beats("vpn", 0.5, 200.0, vantage=vantage),
        *beats("dx", 0.0, 30.0, vantage=vantage),
        *beats("dx", 30.0, 31.0, every=0.1, lost=True, vantage=vantage),
        *beats("dx", 31.0, 60.0, lost=True, vantage=vantage),
        *beats("dx", 60.0, 200.0, vantage=vantage),
    ]


def test_the_brake_is_told_and_holds_nothing() -> None:
    told = happened(a_cut(), replace(STANDARD, brake=Brake(1, 60.0)))
    assert [what for _, who, what in told if who in ("brake", "idc")] == [
        "dx -> vpn",
        "1 in 60 s",
        "vpn -> dx",
        "1 in 60 s",
    ]
    assert any("the brake engages at 1 moves within 1m" in line for line in as_timeline([Braked(9.0, 1, 60.0)]))
    assert json.loads(next(as_json([Braked(9.0, 1, 60.0)])))["brake"] == "engages"


def test_a_cut_moves_traffic_and_its_end_moves_it_back() -> None:
    assert happened(a_cut()) == [
        (9.0, "dx", "HEALTHY"),
        (9.5, "vpn", "HEALTHY"),
        (31.5, "dx", "UNHEALTHY"),
        (31.5, "idc", "dx -> vpn"),
        (90.0, "dx", "HEALTHY"),
        (150.0, "idc", "vpn -> dx"),
    ]


def cut_short_at(ends: float) -> list[Row]:
    return [row for row in a_cut() if row.sent_at < ends]


def test_what_would_come_after_the_trace_is_foreseen() -> None:
    """The hold-down is under way when the trace ends; more of the trace shows that it comes true."""
    foreseen = happened(cut_short_at(120.0))[-1]
    assert foreseen == (150.0, "idc", "vpn -> dx, foreseen")
    assert happened(a_cut())[-1] == (150.0, "idc", "vpn -> dx")


def test_a_window_to_come_is_foreseen() -> None:
    noon = Window(time(12, 0), time(13, 0))
    group = STANDARD.groups["idc"]
    windowed = replace(group, failback=replace(group.failback, mode=FailbackMode.WINDOW, windows=Windows(UTC, (noon,))))
    told = happened(a_cut(), replace(STANDARD, groups={"idc": windowed}))
    assert told[-1] == (43_200.0, "idc", "vpn -> dx, foreseen")


@pytest.mark.parametrize("ends", [20.0, 60.0, 80.0, 200.0], ids=["well", "down", "not yet well", "back"])
def test_nothing_is_foreseen_where_nothing_is_due(ends: float) -> None:
    assert not any(isinstance(event, Foreseen) for event in replay(cut_short_at(ends), STANDARD))


def test_what_is_foreseen_is_in_the_timeline_and_not_in_json() -> None:
    events = list(replay(cut_short_at(120.0), STANDARD))
    last = list(as_timeline(events))[-1]
    assert last.startswith("     150.010  after the trace, if health stays as it is: ==> idc moves from vpn to dx: ")
    assert len(list(as_json(events))) == len(events) - 1


def test_the_order_of_rows_does_not_matter() -> None:
    rows = a_cut()
    random.Random(1).shuffle(rows)  # noqa: S311 - any order will do
    assert happened(rows) == happened(a_cut())


def both_cut_at_once() -> list[Row]:
    """Two vantages, and both lines, in the same instants."""
    return [
        replace(row, vantage=vantage, target=target)
        for vantage in ("a", "b")
        for target in ("dx", "vpn")
        for row in a_cut()
        if row.target == "dx"
    ]


def test_what_ends_at_one_moment_is_judged_together() -> None:
    """Neither line is HEALTHY for an instant after the other, so nothing moves; nor do vantages disagree."""
    assert happened(both_cut_at_once()) == [
        (at, target, health)
        for at, health in ((9.0, "HEALTHY"), (31.5, "UNHEALTHY"), (90.0, "HEALTHY"))
        for target in ("dx", "vpn")
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_of_one_moment_does_not_matter(seed: int) -> None:
    rows = both_cut_at_once()
    random.Random(seed).shuffle(rows)  # noqa: S311 - any order will do
    assert happened(rows) == happened(both_cut_at_once())


def test_without_a_healthy_standby_nothing_moves() -> None:
    rows = [row for row in a_cut() if row.target == "dx"]
    assert [told for _, _, told in happened(rows)] == ["HEALTHY", "UNHEALTHY", "HEALTHY"]


def test_two_vantages_that_disagree_move_nothing() -> None:
    well = [*beats("vpn", 0.5, 200.0, vantage="b"), *beats("dx", 0.0, 200.0, vantage="b")]
    assert [told for _, name, told in happened([*a_cut(), *well]) if name == "idc"] == []


def test_a_vantage_that_falls_silent_does_not_vote_any_more() -> None:
    well = [*beats("vpn", 0.5, 10.0, vantage="b"), *beats("dx", 0.0, 20.0, vantage="b")]
    dead = [*beats("vpn", 0.5, 100.0), *beats("dx", 0.0, 20.0), *beats("dx", 20.0, 100.0, lost=True)]
    moves = [at for at, name, _ in happened([*well, *dead]) if name == "idc"]
    assert moves == [19.0 + 30.0], "b was heard last at 19 s, and silence is allowed for 30 s"


def test_a_target_that_is_not_probed_any_more_becomes_unknown() -> None:
    rows = [*beats("dx", 0.0, 20.0), *beats("vpn", 0.0, 100.0)]
    assert (49.0, "dx", "UNKNOWN") in happened(rows)


def test_what_was_seen_of_an_unknown_target_is_forgotten_in_time() -> None:
    """Two losses make a verdict here; the first one is forgotten before the second is known."""
    target = STANDARD.targets["dx"]
    rule = replace(target.detection, unhealthy_threshold=2, unhealthy_for_seconds=0.5, unknown_after_seconds=12.0)
    alone = Configuration({"dx": replace(target, detection=rule)}, {})
    rows = [
        Row(2, 0.0, "a", "dx", RoundOutcome.OK, 0.01),
        Row(3, 13.0, "a", "dx", RoundOutcome.LOST, None),
        Row(4, 26.0, "a", "dx", RoundOutcome.LOST, None),
    ]
    assert [what for _, _, what in happened(rows, alone)] == []


def test_unknown_outcomes_are_no_evidence() -> None:
    rows = [*beats("dx", 0.0, 20.0), *(Row(1, 20.0 + n, "a", "dx", RoundOutcome.UNKNOWN, None) for n in range(100))]
    assert [told for _, _, told in happened(rows)] == ["HEALTHY", "UNKNOWN"]


def test_an_answer_later_than_the_timeout_tried_is_a_loss() -> None:
    slow = [Row(2, float(n), "a", "dx", RoundOutcome.OK, 0.5) for n in range(30)]
    assert [told for _, _, told in happened(slow)] == ["HEALTHY"]
    patient = STANDARD.targets["dx"]
    probes = tuple(replace(probe, timeout_seconds=0.4) for probe in patient.probes)
    hasty = replace(STANDARD, targets={**STANDARD.targets, "dx": replace(patient, probes=probes)})
    assert [told for _, _, told in happened(slow, hasty)] == ["UNHEALTHY"]


def test_a_loss_rule_is_tried_on_a_trace_as_the_monitor_would_have_applied_it() -> None:
    """The verdicts of a replay are those of the watching that recorded it, to the moment."""
    rule = Detection(loss=LossRule(0.01, 0.3))
    line = GilbertElliott(0.3, 0.0, random.Random(3))  # noqa: S311 - a simulation
    rows: list[Row] = []

    def loses(at: float) -> bool:
        lost = at > 100.0 and line.loses(at)
        rows.append(Row(0, at, "a", "dx", RoundOutcome.LOST if lost else RoundOutcome.OK, None if lost else 0.01))
        return lost

    watched = list(changes(loses, rule, until=160.0, start=TargetHealth()))
    tried = replace(STANDARD, targets={"dx": replace(STANDARD.targets["dx"], detection=rule)}, groups={})
    replayed = [event for event in replay(rows, tried) if isinstance(event, HealthChange)]
    assert [state.health for state in watched] == [Health.HEALTHY, Health.UNHEALTHY]
    assert [(event.time, event.health) for event in replayed] == [(state.since, state.health) for state in watched]


def test_law_4_a_vantage_that_falls_silent_does_not_shorten_the_hold_down() -> None:
    """b reaches dx all along; a does not from 30 s on, and is not heard of after 300 s."""
    wary = {name: replace(target, quorum=Quorum.ANY) for name, target in STANDARD.targets.items()}
    rows = [
        *beats("vpn", 0.5, 300.0),
        *beats("dx", 0.0, 30.0),
        *beats("dx", 30.0, 300.0, lost=True),
        *beats("vpn", 0.5, 500.0, vantage="b"),
        *beats("dx", 0.0, 500.0, vantage="b"),
    ]
    events = replay(sorted(rows, key=lambda row: row.sent_at), replace(STANDARD, targets=wary))
    away, back = [event for event in events if isinstance(event, Moved)]
    assert (away.to, back.to) == ("vpn", "dx")
    assert back.time >= 300.0 + STANDARD.stale_after_seconds + 60.0 - 1.0


def test_a_path_that_keeps_failing_is_returned_to_later_as_in_the_router() -> None:
    """Three cuts, three minutes apart; after the third, the penalty of 2.6 flaps has to decay below 0.75."""
    cuts = [(60.0, 70.0), (240.0, 250.0), (420.0, 430.0)]
    edges = [0.0, *(edge for cut in cuts for edge in cut), 2600.0]
    dx = [row for n, (a, b) in enumerate(pairwise(edges)) for row in beats("dx", a, b, lost=n % 2 == 1)]
    rows = sorted([*beats("vpn", 0.5, 2600.0), *dx], key=lambda row: row.sent_at)
    moves = [event for event in replay(rows, STANDARD) if isinstance(event, Moved)]
    assert [move.to for move in moves] == ["vpn", "dx", "vpn", "dx", "vpn", "dx"]
    waits = [back.time - away.time for away, back in zip(moves[::2], moves[1::2], strict=True)]
    assert waits[:2] == pytest.approx([90, 90], abs=5)
    assert waits[2] == pytest.approx(1619, abs=20), "15 min * log2(2.61 / 0.75)"


def test_nothing_happens_in_an_empty_trace() -> None:
    assert happened([]) == []
    assert list(as_timeline(replay([], STANDARD))) == ["Nothing happened: no target got a verdict."]


def test_json_has_an_object_a_line_with_these_keys() -> None:
    lines = [json.loads(line) for line in as_json(replay(a_cut(), STANDARD))]
    assert [sorted(line) for line in lines if "target" in line] == [["health", "reason", "target", "time"]] * 4
    assert [sorted(line) for line in lines if "group" in line] == [["from", "group", "reason", "time", "to"]] * 2
    move = next(line for line in lines if "group" in line)
    assert (move["time"], move["from"], move["to"]) == (31.5, "dx", "vpn")
    assert "10 failures in a row over 1.5 s" in move["reason"]


def test_a_timeline_has_dates_where_the_trace_has_them() -> None:
    later = [replace(row, sent_at=row.sent_at + 1_763_600_000.0) for row in a_cut()]
    lines = list(as_timeline(replay(later, STANDARD)))
    assert lines[0].startswith("2025-11-20 00:53:29.010  dx is HEALTHY: ")
    assert "==> idc moves from dx to vpn: dx is UNHEALTHY" in lines[3]

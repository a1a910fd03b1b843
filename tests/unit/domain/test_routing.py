"""Where a group's traffic should go: every branch of the decision, then what holds for all of them."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routekeeper.domain.damping import Damping, Flaps
from routekeeper.domain.health import Health
from routekeeper.domain.path_health import Actual
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.routing import (
    Asker,
    Decision,
    GroupState,
    Move,
    Pause,
    Pin,
    ReturnRequest,
    Stay,
    Transition,
    TransitionKind,
    counted,
    decide,
    moved,
)
from routekeeper.domain.settings import Failback, FailbackMode, Group, Path, VpcRoute
from routekeeper.domain.windows import Window, Windows

UP, DOWN, NO_IDEA = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN
NOW = 1000.0
HOLD_DOWN = 60.0
NAMES = ("dx", "vpn", "lte")
ASKED = Asker("mia", NOW - 10.0, "line work")


def group(*names: str, mode: FailbackMode = FailbackMode.AUTO, after: float = HOLD_DOWN) -> Group:
    paths = tuple(Path(name, target=f"{name}-target") for name in names or NAMES[:2])
    return Group("idc", VpcRoute(("rtb-1",), "0.0.0.0/0"), paths, Failback(mode, after))


def told(since: float = 0.0, **health: Health) -> dict[str, Verdict]:
    return {
        f"{name}-target": Verdict(
            one, f"{name} was {one.value}", since, first_loss_at=since - 2 if one is DOWN else None
        )
        for name, one in health.items()
    }


def on(path: str | None, since: float = 0.0) -> GroupState:
    return GroupState("idc", 7, path, since)


def choose(
    state: GroupState,
    verdicts: dict[str, Verdict],
    *,
    of: Group | None = None,
    actual: Actual | None = None,
    now: float = NOW,
) -> Decision:
    there = actual if actual is not None else (Actual(state.path) if state.path is not None else None)
    return decide(of or group(), state, verdicts, there, now)


def to(decision: Decision) -> str | None:
    return decision.to if isinstance(decision, Move) else None


def pinned(path: str, *, until: float = NOW + 60, forced: bool = False) -> Pin:
    return Pin(path, until, ASKED, forced)


# --- leaving


def test_law_4_an_unhealthy_path_is_left_for_the_first_healthy_one() -> None:
    decision = choose(on("dx"), told(dx=DOWN, vpn=UP, lte=UP, since=990.0), of=group(*NAMES))
    assert decision == Move(
        "vpn", TransitionKind.FAILOVER, "dx is UNHEALTHY (dx was UNHEALTHY)", first_loss_at=988.0, verdict_at=990.0
    )


def test_law_4_leaving_a_backup_for_the_preferred_path_waits_for_no_hold_down() -> None:
    decision = choose(on("vpn", since=999.0), told(dx=UP, vpn=DOWN, since=999.5), of=group(mode=FailbackMode.MANUAL))
    assert isinstance(decision, Move)
    assert (decision.to, decision.kind) == ("dx", TransitionKind.FAILBACK)


def test_law_2_a_path_of_unknown_health_is_skipped() -> None:
    assert to(choose(on("dx"), told(dx=DOWN, vpn=NO_IDEA, lte=UP), of=group(*NAMES))) == "lte"


@pytest.mark.parametrize("other", [DOWN, NO_IDEA])
def test_law_3_with_nowhere_to_go_nothing_moves_and_an_alarm_is_due(other: Health) -> None:
    decision = choose(on("dx"), told(dx=DOWN, vpn=other))
    assert isinstance(decision, Stay)
    assert decision.stranded
    assert decision.reason == f"no path is HEALTHY: dx is UNHEALTHY, vpn is {other.value}"


def test_law_1_a_path_of_unknown_health_is_not_left() -> None:
    decision = choose(on("dx"), told(dx=NO_IDEA, vpn=UP))
    assert isinstance(decision, Stay)
    assert not decision.stranded
    assert to(choose(on("dx"), {}, of=group())) is None


@pytest.mark.parametrize("other", [DOWN, NO_IDEA])
def test_law_3_with_nothing_known_to_be_healthy_an_alarm_is_due_once_probing_had_its_time(other: Health) -> None:
    for since, stranded in ((NOW - 59, False), (NOW - 60, True)):
        decision = choose(on("dx", since=since), told(dx=NO_IDEA, vpn=other))
        assert isinstance(decision, Stay)
        assert decision.stranded is stranded


def test_a_path_without_a_target_is_taken_as_healthy() -> None:
    gateway = Group("private", VpcRoute(("rtb-1",), "0.0.0.0/0"), (Path("nat-a", "dx-target"), Path("gateway")))
    assert to(choose(on("nat-a"), told(dx=DOWN), of=gateway)) == "gateway"


# --- coming back


def test_the_preferred_path_is_returned_to_after_its_hold_down() -> None:
    state, verdicts = on("vpn", since=500.0), told(dx=UP, vpn=UP, since=900.0)
    waiting = choose(state, verdicts, now=959.9)
    assert waiting == Stay("dx is HEALTHY; failback in 0 s", due_at=960.0)
    decision = choose(state, verdicts, now=960.0)
    assert isinstance(decision, Move)
    assert (decision.to, decision.kind, decision.first_loss_at) == ("dx", TransitionKind.FAILBACK, None)


def test_the_hold_down_also_runs_from_the_last_change_of_path() -> None:
    assert to(choose(on("vpn", since=950.0), told(dx=UP, vpn=UP), now=1009.9)) is None
    assert to(choose(on("vpn", since=950.0), told(dx=UP, vpn=UP), now=1010.0)) == "dx"


@pytest.mark.parametrize("health", [DOWN, NO_IDEA])
def test_law_2_nobody_returns_to_a_path_that_is_not_healthy(health: Health) -> None:
    assert to(choose(on("vpn"), told(dx=health, vpn=UP), now=1e9)) is None


def test_from_the_last_of_three_the_best_healthy_one_is_returned_to() -> None:
    assert to(choose(on("lte"), told(dx=DOWN, vpn=UP, lte=UP), of=group(*NAMES))) == "vpn"
    assert to(choose(on("lte"), told(dx=UP, vpn=UP, lte=UP), of=group(*NAMES))) == "dx"


def test_the_earliest_return_is_told() -> None:
    verdicts = told(dx=UP, since=995.0) | told(vpn=UP, since=970.0) | told(lte=UP)
    decision = choose(on("lte"), verdicts, of=group(*NAMES))
    assert decision == Stay("dx is HEALTHY; failback in 55 s; vpn is HEALTHY; failback in 30 s", due_at=1030.0)


def test_manual_failback_waits_for_an_operator() -> None:
    manual = group(mode=FailbackMode.MANUAL)
    assert to(choose(on("vpn"), told(dx=UP, vpn=UP), of=manual)) is None
    asking = replace(on("vpn"), returning=ReturnRequest(NOW + 60, ASKED))
    assert to(choose(asking, told(dx=UP, vpn=UP), of=manual)) == "dx"


def test_an_operators_return_skips_the_hold_down() -> None:
    state = replace(on("vpn", since=980.0), returning=ReturnRequest(NOW + 60, ASKED))
    decision = choose(state, told(dx=UP, vpn=UP, since=999.0))
    assert decision == Move("dx", TransitionKind.MANUAL, "asked by mia: line work", asked=ASKED)


def test_law_2_an_operators_return_waits_for_a_healthy_path_unless_forced() -> None:
    verdicts = told(dx=NO_IDEA, vpn=UP)
    assert to(choose(replace(on("vpn"), returning=ReturnRequest(NOW + 60, ASKED)), verdicts)) is None
    assert to(choose(replace(on("vpn"), returning=ReturnRequest(NOW + 60, ASKED, forced=True)), verdicts)) == "dx"


def test_a_forced_return_is_granted_from_a_dead_path_too() -> None:
    state = replace(on("vpn"), returning=ReturnRequest(NOW + 60, ASKED, forced=True))
    assert to(choose(state, told(dx=NO_IDEA, vpn=DOWN))) == "dx"


def test_law_6_a_request_to_return_is_forgotten_when_it_expires() -> None:
    manual = group(mode=FailbackMode.MANUAL)
    state = replace(on("vpn"), returning=ReturnRequest(NOW, ASKED))
    assert to(choose(state, told(dx=UP, vpn=UP), of=manual, now=NOW - 0.1)) == "dx"
    assert to(choose(state, told(dx=UP, vpn=UP), of=manual, now=NOW)) is None


def test_a_request_to_return_is_spent_by_one_move() -> None:
    """The line fails again soon after: the old request must not carry traffic back without hold-down."""
    state = replace(on("vpn"), returning=ReturnRequest(NOW + 600, ASKED))
    there = choose(state, told(dx=UP, vpn=UP))
    assert isinstance(there, Move)
    left = replace(moved(state, there, NOW), path="vpn", since=NOW + 20)
    assert left.returning is None
    untidy = replace(left, returning=state.returning)
    assert to(choose(untidy, told(dx=UP, vpn=UP, since=NOW + 30), now=NOW + 31)) is None


# --- flaps and windows


def flapped(path: str = "dx", *, until: float = NOW + 600) -> dict[str, Flaps]:
    """Flaps that suppress the path until a moment, with the standard settings."""
    rule = Damping()
    penalty = 2400.0
    at = until - rule.half_life_seconds * math.log2(penalty / rule.reuse)
    return {path: Flaps(penalty, at, penalty)}


def opening(at: float) -> Windows:
    """A window of half an hour that opens at this instant, every day."""
    opens = datetime.fromtimestamp(at, UTC)
    return Windows(UTC, (Window(opens.time(), (opens + timedelta(minutes=30)).time()),))


def windowed(at: float) -> Group:
    return replace(group(), failback=Failback(FailbackMode.WINDOW, HOLD_DOWN, windows=opening(at)))


def test_a_path_that_has_flapped_is_returned_to_once_its_penalty_allows_it() -> None:
    state, verdicts = replace(on("vpn"), flaps=flapped()), told(dx=UP, vpn=UP)
    waiting = choose(state, verdicts)
    assert isinstance(waiting, Stay)
    assert waiting.due_at == pytest.approx(NOW + 600)
    assert waiting.reason == (
        "dx is HEALTHY; failback suppressed for 10 min: it has flapped, and its penalty of 1191 has to fall below 750"
    )
    assert to(choose(state, verdicts, now=NOW + 599)) is None
    assert to(choose(state, verdicts, now=waiting.due_at or 0.0)) == "dx"


def test_the_hold_down_counts_where_it_ends_later_than_the_suppression() -> None:
    state = replace(on("vpn"), flaps=flapped(until=NOW + 5))
    decision = choose(state, told(dx=UP, vpn=UP, since=NOW - 10))
    assert decision == Stay("dx is HEALTHY; failback in 50 s", due_at=NOW + 50)


def test_without_damping_flaps_count_for_nothing() -> None:
    calm = replace(group(), failback=Failback(damping=None))
    state = replace(on("vpn"), flaps=flapped())
    assert to(choose(state, told(dx=UP, vpn=UP), of=calm)) == "dx"
    assert counted(calm, state, told(dx=DOWN, vpn=UP), NOW).flaps == {}


def test_traffic_returns_in_a_window_only() -> None:
    of, state, verdicts = windowed(36_000.0), on("vpn"), told(dx=UP, vpn=UP)
    waiting = choose(state, verdicts, of=of)
    assert waiting == Stay("dx is HEALTHY; failback once a window opens, in 9.7 h", due_at=36_000.0)
    assert to(choose(state, verdicts, of=of, now=35_999.0)) is None
    assert to(choose(state, verdicts, of=of, now=36_000.0)) == "dx"
    assert to(choose(state, verdicts, of=of, now=37_800.0)) is None


def test_a_suppression_that_ends_after_the_window_waits_for_the_next_one() -> None:
    state = replace(on("vpn"), flaps=flapped(until=39_000.0))
    decision = choose(state, told(dx=UP, vpn=UP), of=windowed(36_000.0), now=36_010.0)
    assert isinstance(decision, Stay)
    assert decision.due_at == 36_000.0 + 86_400.0


def test_a_calmer_path_further_up_is_not_kept_waiting_by_one_that_has_flapped() -> None:
    state = replace(on("lte"), flaps=flapped("dx"))
    assert to(choose(state, told(dx=UP, vpn=UP, lte=UP), of=group(*NAMES))) == "vpn"


def test_an_operators_return_asks_neither_damping_nor_windows() -> None:
    state = replace(on("vpn"), flaps=flapped(), returning=ReturnRequest(NOW + 60, ASKED))
    assert to(choose(state, told(dx=UP, vpn=UP), of=windowed(36_000.0))) == "dx"


def test_a_pin_asks_neither_damping_nor_windows() -> None:
    state = replace(on("vpn"), flaps=flapped(), pin=pinned("dx"))
    assert to(choose(state, told(dx=UP, vpn=UP), of=windowed(36_000.0))) == "dx"


def test_law_4_an_unhealthy_path_is_left_for_one_that_is_not_suppressed_if_there_is_one() -> None:
    state = replace(on("vpn"), flaps=flapped("dx"))
    assert to(choose(state, told(dx=UP, vpn=DOWN, lte=UP), of=group(*NAMES))) == "lte"
    assert to(choose(state, told(dx=UP, vpn=DOWN, lte=DOWN), of=group(*NAMES))) == "dx"


def test_a_flap_is_counted_whatever_is_decided_and_only_once() -> None:
    held = replace(on("vpn"), pin=pinned("vpn"), pause=Pause(NOW + 1, ASKED))
    down = counted(group(), held, told(dx=DOWN, vpn=UP), NOW)
    assert down.flaps == {"dx": Flaps(1000.0, NOW, 1000.0, down=True)}
    assert counted(group(), down, told(dx=DOWN, vpn=UP), NOW + 60) == down
    assert counted(group(), down, told(dx=NO_IDEA, vpn=UP), NOW + 60) == down
    up = counted(group(), down, told(dx=UP, vpn=UP), NOW + 60)
    assert not up.flaps["dx"].down
    assert counted(group(), up, told(dx=DOWN, vpn=UP), NOW + 120).flaps["dx"].penalty > 1900


def test_a_move_keeps_what_was_counted() -> None:
    state = counted(group(), on("dx"), told(dx=DOWN, vpn=UP), NOW)
    decision = choose(state, told(dx=DOWN, vpn=UP))
    assert isinstance(decision, Move)
    assert moved(state, decision, NOW).flaps == state.flaps


# --- pins and pauses


def test_law_6_a_pin_holds_its_path_whatever_its_health() -> None:
    state = replace(on("vpn"), pin=pinned("vpn"))
    decision = choose(state, told(dx=UP, vpn=DOWN))
    assert decision == Stay("pinned to vpn by mia: line work")


def test_law_6_a_pin_is_honoured_to_the_moment_of_its_expiry_and_no_longer() -> None:
    state = replace(on("vpn"), pin=pinned("vpn", until=NOW))
    assert to(choose(state, told(dx=UP, vpn=UP), now=NOW - 0.001)) is None
    assert to(choose(state, told(dx=UP, vpn=UP), now=NOW)) == "dx"


def test_a_pin_moves_traffic_to_its_path() -> None:
    decision = choose(replace(on("dx"), pin=pinned("vpn")), told(dx=UP, vpn=UP))
    assert decision == Move("vpn", TransitionKind.MANUAL, "asked by mia: line work", asked=ASKED)


@pytest.mark.parametrize("health", [DOWN, NO_IDEA])
def test_law_2_a_pin_moves_nothing_onto_a_path_that_is_not_healthy_unless_forced(health: Health) -> None:
    verdicts = told(dx=UP, vpn=health)
    assert to(choose(replace(on("dx"), pin=pinned("vpn")), verdicts)) is None
    assert to(choose(replace(on("dx"), pin=pinned("vpn", forced=True)), verdicts)) == "vpn"


def test_law_4_a_pin_that_cannot_be_honoured_does_not_hold_traffic_on_another_dead_path() -> None:
    state = replace(on("dx"), pin=pinned("vpn"))
    assert to(choose(state, told(dx=DOWN, vpn=DOWN, lte=UP), of=group(*NAMES))) == "lte"


def test_law_3_a_pin_does_not_silence_the_alarm_when_no_path_is_healthy() -> None:
    held, waiting = replace(on("vpn"), pin=pinned("vpn")), replace(on("dx"), pin=pinned("vpn"))
    for state in (held, waiting):
        decision = choose(state, told(dx=DOWN, vpn=DOWN))
        assert isinstance(decision, Stay)
        assert decision.stranded


def test_law_6_nothing_moves_while_paused() -> None:
    state = replace(on("dx"), pause=Pause(NOW + 1, ASKED), pin=pinned("vpn"))
    decision = choose(state, told(dx=DOWN, vpn=UP))
    assert decision == Stay("paused by mia: line work", halted=True)
    assert to(choose(state, told(dx=DOWN, vpn=UP), now=NOW + 1)) == "vpn"


def test_a_pin_to_a_path_that_is_no_longer_configured_is_no_pin() -> None:
    assert to(choose(replace(on("dx"), pin=pinned("satellite")), told(dx=DOWN, vpn=UP))) == "vpn"


# --- the beginning


def test_at_the_start_what_is_there_is_adopted_even_before_anything_is_known() -> None:
    decision = choose(on(None), {}, actual=Actual("vpn"))
    assert decision == Stay("the routes are on vpn", adopt="vpn")


def test_routes_found_on_a_backup_at_the_start_return_after_the_hold_down() -> None:
    """The scripts reset to the default when they start; we first want to know that it works."""
    adopted = on("vpn", since=NOW)
    assert to(choose(adopted, told(dx=NO_IDEA, vpn=UP), now=NOW + 600)) is None
    assert to(choose(adopted, told(dx=UP, vpn=UP), now=NOW + HOLD_DOWN)) == "dx"


def test_law_1_at_the_start_nothing_moves_before_the_routes_have_been_read() -> None:
    assert decide(group(), on(None), told(dx=UP, vpn=UP), None, NOW) == Stay("nothing is known of the routes yet")


def test_routes_on_no_path_go_to_the_first_healthy_one() -> None:
    decision = choose(on(None), told(dx=DOWN, vpn=UP), actual=Actual(None))
    assert isinstance(decision, Move)
    assert (decision.to, decision.kind) == ("vpn", TransitionKind.INITIAL)


def test_law_3_routes_on_no_path_stay_there_while_none_is_healthy() -> None:
    for dx, vpn, stranded in ((DOWN, DOWN, True), (NO_IDEA, DOWN, False), (NO_IDEA, NO_IDEA, False)):
        decision = choose(on(None), told(dx=dx, vpn=vpn), actual=Actual(None))
        assert isinstance(decision, Stay)
        assert decision.stranded is stranded


def test_a_desired_path_that_is_no_longer_configured_is_a_beginning() -> None:
    gone = on("satellite")
    assert choose(gone, told(dx=UP, vpn=UP), actual=Actual("vpn")) == Stay("the routes are on vpn", adopt="vpn")
    assert to(choose(gone, told(dx=UP, vpn=UP), actual=Actual(None))) == "dx"
    assert isinstance(decide(group(), gone, told(dx=UP, vpn=UP), None, NOW), Stay)


# --- blackholes


def test_a_blackholed_path_is_left_although_its_target_answers() -> None:
    decision = choose(on("dx"), told(dx=UP, vpn=UP), actual=Actual("dx", blackholed=True))
    assert isinstance(decision, Move)
    assert (decision.to, decision.blackhole, decision.verdict_at) == ("vpn", True, NOW)


def test_a_blackhole_keeps_the_timings_of_a_verdict_that_came_first() -> None:
    decision = choose(on("dx"), told(dx=DOWN, vpn=UP, since=990.0), actual=Actual("dx", blackholed=True))
    assert isinstance(decision, Move)
    assert (decision.first_loss_at, decision.verdict_at) == (988.0, 990.0)


def test_a_blackhole_on_another_path_than_the_desired_one_is_drift_and_no_reason_to_move() -> None:
    assert to(choose(on("dx"), told(dx=UP, vpn=UP), actual=Actual("vpn", blackholed=True))) is None


def test_traffic_does_not_swing_back_into_a_blackhole_that_the_probes_do_not_see() -> None:
    """A deleted NAT gateway without a target: HEALTHY for ever to us, and only its route tells."""
    state = on("dx")
    decision = choose(state, told(dx=UP, vpn=UP), actual=Actual("dx", blackholed=True))
    assert isinstance(decision, Move)
    left = moved(state, decision, NOW)
    assert to(choose(left, told(dx=UP, vpn=UP), now=NOW + 10_000)) is None
    assert to(choose(left, told(dx=UP, vpn=DOWN), now=NOW + 10_000)) is None
    assert to(choose(left, told(dx=UP, vpn=UP, since=NOW), now=NOW + 10_000)) is None
    healed = told(dx=UP, vpn=UP, since=NOW + 100)
    assert to(choose(left, healed, now=NOW + 159)) is None
    assert to(choose(left, healed, now=NOW + 160)) == "dx"


def test_an_operator_may_force_traffic_back_and_the_blackhole_is_forgotten() -> None:
    left = replace(on("vpn", since=NOW), blackholed="dx", blackholed_at=NOW, pin=pinned("dx", forced=True))
    decision = choose(left, told(dx=UP, vpn=UP), now=NOW + 1)
    assert isinstance(decision, Move)
    back = moved(left, decision, NOW + 1)
    assert (back.path, back.blackholed) == ("dx", None)


# --- what transitions and groups say of themselves


def test_a_transition_is_timed_from_the_first_loss_to_routes_read_back() -> None:
    timed = Transition(
        "idc-8",
        "idc",
        TransitionKind.FAILOVER,
        "dx",
        "vpn",
        "",
        13.0,
        first_loss_at=10.0,
        verdict_at=12.5,
        applied_at=14.0,
    )
    assert (timed.detection_seconds, timed.steering_seconds) == (2.5, 1.5)
    by_hand = replace(timed, first_loss_at=None, verdict_at=None)
    assert (by_hand.detection_seconds, by_hand.steering_seconds) == (None, 1.0)
    assert replace(timed, applied_at=None).steering_seconds is None
    assert replace(timed, first_loss_at=None).detection_seconds is None, "a blackhole is a verdict without a lost probe"


# --- for every state of a small world


def every_world() -> list[tuple[GroupState, dict[str, Verdict], FailbackMode, Actual | None]]:
    """Three paths; every health, desired path, pin, request and reading of the routes."""
    holds: list[tuple[Pin | None, ReturnRequest | None]] = [
        (None, None),
        (pinned("vpn"), None),
        (pinned("vpn", forced=True), None),
        (None, ReturnRequest(NOW + 60, ASKED)),
        (None, ReturnRequest(NOW + 60, ASKED, forced=True)),
    ]
    readings = [None, Actual(None), *(Actual(name, blackholed=hole) for name in NAMES for hole in (False, True))]
    states = [
        replace(on(path, since), pin=pin, returning=request)
        for path, since, (pin, request) in product((None, "gone", *NAMES), (0.0, NOW - 30), holds)
    ]
    healths = [told(dx=dx, vpn=vpn, lte=lte, since=900.0) for dx, vpn, lte in product(Health, repeat=3)]
    return list(product(states, healths, FailbackMode, readings))


WORLDS = every_world()
GROUPS = {mode: group(*NAMES, mode=mode) for mode in FailbackMode}


def forced(state: GroupState, path: str) -> bool:
    pin, request = state.pinned_at(NOW), state.returning_at(NOW)
    return (pin is not None and pin.forced and pin.path == path) or (
        request is not None and request.forced and path == NAMES[0]
    )


def test_law_2_in_every_world_a_move_goes_to_a_healthy_path_unless_forced() -> None:
    for state, verdicts, mode, reading in WORLDS:
        decision = decide(GROUPS[mode], state, verdicts, reading, NOW)
        if isinstance(decision, Move):
            assert decision.to != state.path
            assert verdicts[f"{decision.to}-target"].health is UP or forced(state, decision.to)


def test_law_3_in_every_world_nothing_moves_unforced_where_no_path_is_healthy() -> None:
    for state, verdicts, mode, reading in WORLDS:
        if all(verdict.health is not UP for verdict in verdicts.values()):
            decision = decide(GROUPS[mode], state, verdicts, reading, NOW)
            assert isinstance(decision, Stay) or forced(state, decision.to)


def test_law_4_in_every_world_an_unhealthy_path_with_a_healthy_alternative_is_left_unless_pinned() -> None:
    for state, verdicts, mode, reading in WORLDS:
        if state.path not in NAMES or verdicts[f"{state.path}-target"].health is not DOWN:
            continue
        held = state.pin is not None and state.pin.path == state.path
        if not held and any(verdict.health is UP for verdict in verdicts.values()):
            assert isinstance(decide(GROUPS[mode], state, verdicts, reading, NOW), Move)


def test_law_12_in_every_world_what_the_brake_may_hold_is_a_return_that_nobody_asked_for_from_a_path_that_is_well() -> (
    None
):
    held = 0
    for state, verdicts, mode, reading in WORLDS:
        decision = decide(GROUPS[mode], state, verdicts, reading, NOW)
        if isinstance(decision, Move) and decision.brakable:
            held += 1
            assert state.path is not None
            assert decision.asked is None
            assert decision.kind is TransitionKind.FAILBACK
            assert verdicts[f"{state.path}-target"].health is not DOWN
            assert reading is None or reading.path != state.path or not reading.blackholed
    assert held


def test_law_4_in_every_world_no_move_off_an_unhealthy_path_may_be_held() -> None:
    for state, verdicts, mode, reading in WORLDS:
        decision = decide(GROUPS[mode], state, verdicts, reading, NOW)
        if isinstance(decision, Move) and decision.kind in (TransitionKind.FAILOVER, TransitionKind.INITIAL):
            assert not decision.brakable


def test_law_6_in_every_world_nothing_moves_and_nothing_is_adopted_while_paused() -> None:
    for state, verdicts, mode, reading in WORLDS:
        decision = decide(GROUPS[mode], replace(state, pause=Pause(NOW + 1, ASKED)), verdicts, reading, NOW)
        assert isinstance(decision, Stay)
        assert decision.halted
        assert decision.adopt is None


def test_law_6_in_every_world_a_pinned_path_is_never_left() -> None:
    for state, verdicts, mode, reading in WORLDS:
        if state.pin is not None and state.path == state.pin.path:
            assert isinstance(decide(GROUPS[mode], state, verdicts, reading, NOW), Stay)


def test_law_10_in_every_world_a_move_that_was_made_is_not_made_again() -> None:
    """Deciding again a moment later, with the routes in place, stays (a forced move onto a dead path aside)."""
    for state, verdicts, mode, reading in WORLDS:
        steered = GROUPS[mode]
        decision = decide(steered, state, verdicts, reading, NOW)
        if isinstance(decision, Move) and verdicts[f"{decision.to}-target"].health is not DOWN:
            after = moved(state, decision, NOW)
            assert isinstance(decide(steered, after, verdicts, Actual(decision.to), NOW + 0.1), Stay)


remembered = st.builds(Flaps, st.floats(0, 1e5), st.floats(0, 1e9), st.floats(0, 1e5), st.booleans())


@st.composite
def failbacks(draw: st.DrawFn) -> Failback:
    mode = draw(st.sampled_from(FailbackMode))
    rule = draw(st.none() | st.builds(Damping, st.floats(1, 1e4), st.floats(1001, 1e4), st.floats(10, 1e3)))
    windows = opening(60.0 * draw(st.integers(0, 1440))) if mode is FailbackMode.WINDOW else None
    return Failback(mode, draw(st.floats(0.0, 1e6)), rule, windows)


@given(
    failbacks(),
    st.floats(0.0, 1e9),
    st.floats(0.0, 1e9),
    st.lists(st.sampled_from(Health), min_size=2, max_size=2),
    st.dictionaries(st.sampled_from(NAMES), remembered),
)
@settings(max_examples=200)
def test_law_4_no_hold_down_no_damping_no_failback_mode_no_window_and_no_recent_move_delays_leaving(
    failback: Failback, since: float, now: float, others: list[Health], flaps: dict[str, Flaps]
) -> None:
    verdicts = told(dx=DOWN, vpn=others[0], lte=others[1], since=now)
    of = replace(group(*NAMES), failback=failback)
    state = counted(of, replace(on("dx", since), flaps=flaps), verdicts, now)
    assert isinstance(choose(state, verdicts, of=of, now=now), Move) is (UP in others)


@given(failbacks(), st.floats(0.0, 1e9), st.dictionaries(st.sampled_from(NAMES[:2]), remembered))
def test_what_is_told_as_the_time_of_failback_is_the_first_moment_at_which_it_happens(
    failback: Failback, now: float, flaps: dict[str, Flaps]
) -> None:
    of, state = replace(group(), failback=failback), replace(on("vpn"), flaps=flaps)
    verdicts = told(dx=UP, vpn=UP)
    waiting = choose(state, verdicts, of=of, now=now)
    if isinstance(waiting, Stay) and waiting.due_at is not None:
        assert waiting.due_at > now
        assert to(choose(state, verdicts, of=of, now=waiting.due_at)) == "dx"
        assert to(choose(state, verdicts, of=of, now=(now + waiting.due_at) / 2)) is None


@given(st.floats(0.0, 1000.0), st.floats(0.0, 1000.0), st.floats(0.0, 300.0))
def test_an_automatic_return_never_comes_before_the_hold_down(healthy: float, since: float, after: float) -> None:
    decision = choose(on("vpn", since), told(dx=UP, vpn=UP, since=healthy), of=group(after=after))
    assert isinstance(decision, Move) is (max(healthy, since) + after <= NOW)

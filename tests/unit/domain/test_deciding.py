"""What holds for every decision: in every state of a small world, and for any failback (laws 2, 3, 4, 6, 10 and 12)."""

from dataclasses import replace
from functools import cache
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from routekeeper.domain.damping import Damping
from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Decision, Move, Stay
from routekeeper.domain.flaps import Flaps
from routekeeper.domain.group_state import GroupState, Pause, Pin, ReturnRequest, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.remembering import counted, moved
from routekeeper.domain.routes import Actual
from routekeeper.domain.settings import FailbackMode, FailbackPolicy
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View
from tests.unit.domain.small_world import ASKED, DOWN, NAMES, NOW, UP, choose, group, on, opening, pinned, to, told


@cache
def every_world() -> list[tuple[View, Decision]]:
    """Three paths; every health, desired path, pin, request and reading of the routes, with what is decided there."""
    holds: list[tuple[Pin | None, ReturnRequest | None]] = [
        (None, None),
        (pinned("vpn"), None),
        (pinned("vpn", forced=True), None),
        (None, ReturnRequest(NOW + 60, ASKED)),
        (None, ReturnRequest(NOW + 60, ASKED, forced=True)),
    ]
    states = [
        replace(on(path, since), pin=pin, returning=request)
        for path, since, (pin, request) in product((None, "gone", *NAMES), (0.0, NOW - 30), holds)
    ]
    verdicts = [Verdicts(told(dx=dx, vpn=vpn, lte=lte, since=900.0)) for dx, vpn, lte in product(Health, repeat=3)]
    groups = [group(*NAMES, mode=mode) for mode in FailbackMode]
    readings = [
        None,
        Actual(None),
        *(Actual(name, frozenset({name} if hole else ())) for name in NAMES for hole in (False, True)),
    ]
    views = [
        View(of, state, said, NOW, there) for of, state, said, there in product(groups, states, verdicts, readings)
    ]
    return [(view, decide(view)) for view in views]


def probed(view: View, path: str) -> Health:
    return view.verdicts.targets[f"{path}-target"].health


def forced(state: GroupState, path: str) -> bool:
    pin, request = state.pinned_at(NOW), state.returning_at(NOW)
    return (pin is not None and pin.forced and pin.path == path) or (
        request is not None and request.forced and path == NAMES[0]
    )


def test_law_2_in_every_world_a_move_goes_to_a_healthy_path_unless_forced() -> None:
    for view, decision in every_world():
        if isinstance(decision, Move):
            assert decision.to != view.state.path
            assert probed(view, decision.to) is UP or forced(view.state, decision.to)


def test_law_3_in_every_world_nothing_moves_unforced_where_no_path_is_healthy() -> None:
    for view, decision in every_world():
        if all(probed(view, name) is not UP for name in NAMES):
            assert isinstance(decision, Stay) or forced(view.state, decision.to)


def test_law_4_in_every_world_an_unhealthy_path_with_a_healthy_alternative_is_left_unless_pinned() -> None:
    for view, decision in every_world():
        state = view.state
        if state.path not in NAMES or probed(view, state.path) is not DOWN:
            continue
        held = state.pin is not None and state.pin.path == state.path
        blackholes = view.actual.blackholes if view.actual is not None else frozenset()
        if not held and any(probed(view, name) is UP for name in NAMES if name not in blackholes):
            assert isinstance(decision, Move)


def test_law_12_in_every_world_what_the_brake_may_hold_is_a_return_that_nobody_asked_for_from_a_path_that_is_well() -> (
    None
):
    held = 0
    for view, decision in every_world():
        if isinstance(decision, Move) and decision.brakable:
            held += 1
            assert view.state.path is not None
            assert decision.asked is None
            assert decision.kind is TransitionKind.FAILBACK
            assert probed(view, view.state.path) is not DOWN
            assert not view.is_blackhole
    assert held


def test_law_4_in_every_world_no_move_off_an_unhealthy_path_may_be_held() -> None:
    for _, decision in every_world():
        if isinstance(decision, Move) and decision.kind in (TransitionKind.FAILOVER, TransitionKind.INITIAL):
            assert not decision.brakable


def test_law_6_in_every_world_nothing_moves_and_nothing_is_adopted_while_paused() -> None:
    for view, _ in every_world():
        decision = decide(replace(view, state=replace(view.state, pause=Pause(NOW + 1, ASKED))))
        assert isinstance(decision, Stay)
        assert decision.halted
        assert decision.adopt is None


def test_law_6_in_every_world_a_pinned_path_is_never_left() -> None:
    for view, decision in every_world():
        if view.state.pin is not None and view.state.path == view.state.pin.path:
            assert isinstance(decision, Stay)


def test_law_10_in_every_world_a_move_that_was_made_is_not_made_again() -> None:
    """Deciding again a moment later, with the routes in place, stays (a forced move onto a dead path aside)."""
    for view, decision in every_world():
        if isinstance(decision, Move) and probed(view, decision.to) is not DOWN:
            after = moved(counted(view), decision, NOW)
            assert isinstance(decide(View(view.group, after, view.verdicts, NOW + 0.1, Actual(decision.to))), Stay)


# --- for any settings of failback


remembered = st.builds(
    PathMemory, flaps=st.builds(Flaps, st.floats(0, 1e5), st.floats(0, 1e9), st.floats(0, 1e5), st.booleans())
)


@st.composite
def failbacks(draw: st.DrawFn) -> FailbackPolicy:
    mode = draw(st.sampled_from(FailbackMode))
    rule = draw(st.none() | st.builds(Damping, st.floats(1, 1e4), st.floats(1001, 1e4), st.floats(10, 1e3)))
    windows = opening(60.0 * draw(st.integers(0, 1440))) if mode is FailbackMode.WINDOW else None
    return FailbackPolicy(mode, draw(st.floats(0.0, 1e6)), rule, windows)


@given(
    failbacks(),
    st.floats(0.0, 1e9),
    st.floats(0.0, 1e9),
    st.lists(st.sampled_from(Health), min_size=2, max_size=2),
    st.dictionaries(st.sampled_from(NAMES), remembered),
)
@settings(max_examples=200)
def test_law_4_no_hold_down_no_damping_no_failback_mode_no_window_and_no_recent_move_delays_leaving(
    failback: FailbackPolicy, since: float, now: float, others: list[Health], paths: dict[str, PathMemory]
) -> None:
    verdicts = told(dx=DOWN, vpn=others[0], lte=others[1], since=now)
    of = replace(group(*NAMES), failback=failback)
    state = counted(View(of, replace(on("dx", since), paths=paths), Verdicts(verdicts), now))
    assert isinstance(choose(state, verdicts, of=of, now=now), Move) is (UP in others)


@given(failbacks(), st.floats(0.0, 1e9), st.dictionaries(st.sampled_from(NAMES[:2]), remembered))
def test_what_is_told_as_the_time_of_failback_is_the_first_moment_at_which_it_happens(
    failback: FailbackPolicy, now: float, paths: dict[str, PathMemory]
) -> None:
    of, state = replace(group(), failback=failback), replace(on("vpn"), paths=paths)
    verdicts = told(dx=UP, vpn=UP)
    waiting = choose(state, verdicts, of=of, now=now)
    if isinstance(waiting, Stay) and waiting.due_at is not None:
        assert waiting.due_at > now
        assert to(choose(state, verdicts, of=of, now=waiting.due_at)) == "dx"
        assert to(choose(state, verdicts, of=of, now=(now + waiting.due_at) / 2)) is None

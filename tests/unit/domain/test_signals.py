"""What AWS says of instances: when it counts, against which paths, and what it makes of their verdicts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.candidates import has_another_way
from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Move, Stay
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import Health
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.restart import InstanceState
from routekeeper.domain.settings import Configuration, Group, IcmpProbe, Path, Target
from routekeeper.domain.signals import (
    STATES,
    Signal,
    SignalKind,
    lifecycle_action,
    maintenance,
    spot_warning,
    state_change,
    with_signals,
    withdrawn,
)
from routekeeper.domain.steering import NextHop, NextHopKind, VpcRoute
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View

UP, DOWN, NO_IDEA = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN
AT = 1_790_000_000.0  # 2026-09-21T14:13:20Z
NAT_A, NAT_B = "i-0a", "i-0b"
A, B = ("private", "nat-a"), ("private", "nat-b")


def target(name: str, instance: str | None = None) -> Target:
    return Target(name, (IcmpProbe(name, 0.75),), instance=instance)


def through(instance: str) -> NextHop:
    return NextHop(NextHopKind.INSTANCE, instance)


def configuration(*paths: Path) -> Configuration:
    targets = {one.name: one for one in (target("nat-a"), target("nat-b", NAT_B), target("far end"))}
    standard = (Path("nat-a", "nat-a", (through(NAT_A),)), Path("nat-b", "nat-b", (through(NAT_B),)))
    return Configuration(
        targets, {"private": Group("private", (VpcRoute(("rtb-1",), "0.0.0.0/0"),), paths or standard)}
    )


def told(a: Health = UP, b: Health = UP, since: float = AT - 3600) -> dict[str, Verdict]:
    return {name: Verdict(one, "probes", since, since) for name, one in (("nat-a", a), ("nat-b", b))}


def planned(instance: str = NAT_A, begins: float = AT + 86_400, ends: float | None = AT + 93_600) -> Signal:
    return maintenance(instance, "EVENT_1", "AWS_EC2_SYSTEM_MAINTENANCE_EVENT", AT, (begins, ends))


def choose(verdicts: dict[str, Verdict], *signals: Signal, path: str = "nat-a", now: float = AT + 1) -> Move | Stay:
    world = configuration()
    return decide(
        View(
            world.groups["private"],
            GroupState("private", 1, path),
            with_signals(world, verdicts, signals, now),
            now,
            None,
        )
    )


# --- when a signal counts


def test_an_instance_that_goes_down_makes_its_path_unhealthy_and_says_who_says_so() -> None:
    verdict = with_signals(configuration(), told(), [state_change(NAT_A, "stopping", AT)], AT + 1).paths[A]
    assert verdict == Verdict(
        DOWN, "EC2 says that i-0a is stopping (instance state-change notification, 14:13:20Z)", since=AT
    )
    assert verdict.first_loss_at is None


@pytest.mark.parametrize("state", STATES[1:-1])
@pytest.mark.parametrize("skew", [-2.0, 0.0, 899.0])
def test_a_change_of_state_counts_at_once_whatever_the_clocks_say_and_for_15_minutes(state: str, skew: float) -> None:
    signal = state_change(NAT_A, state, AT)
    assert A in with_signals(configuration(), told(), [signal], AT + skew).paths
    assert A not in with_signals(configuration(), told(), [signal], AT + 900).paths


def test_a_running_instance_is_spoken_against_by_nobody() -> None:
    assert A not in with_signals(configuration(), told(), [state_change(NAT_A, "running", AT)], AT + 1).paths


def test_every_state_of_ec2_that_is_told_of_is_one_that_ec2_has() -> None:
    assert set(STATES) == {state.value for state in InstanceState} - {"pending"}


@pytest.mark.parametrize(("since", "over"), [(AT - 60, False), (AT + 1.0, False), (AT + 1.1, True)])
def test_probes_that_turn_healthy_after_a_change_of_state_know_better(since: float, over: bool) -> None:
    found = with_signals(configuration(), told(since=since), [state_change(NAT_B, "stopped", AT)], AT + 100)
    assert (B not in found.paths) == over


def test_a_target_that_is_not_known_to_be_the_instance_does_not_vouch_for_it() -> None:
    """A far end may be reached over another instance."""
    signal = state_change(NAT_A, "stopped", AT)
    assert A in with_signals(configuration(), told(since=AT + 50), [signal], AT + 100).paths
    assert A not in with_signals(configuration(), told(since=AT + 50), [signal], AT + 900).paths


def test_nobody_but_itself_vouches_for_an_instance_that_is_terminated() -> None:
    signals = [state_change(NAT_A, "terminated", AT), state_change(NAT_B, "terminated", AT)]
    verdicts = told(since=AT + 86_400)
    found = with_signals(configuration(), verdicts, signals, AT + 300 * 86_400)
    assert A in found.paths, "the far end is reached over another instance"
    assert B not in found.paths, "its address may have gone to another one"


def test_a_vantage_that_calls_it_healthy_since_before_keeps_a_new_one_from_ending_the_signal() -> None:
    """Whoever has just begun to look has not seen the instance come back."""
    verdicts = {**told(), "nat-b": Verdict(UP, "two votes", since=AT + 8, oldest_vote_at=AT - 3600)}
    assert B in with_signals(configuration(), verdicts, [state_change(NAT_B, "stopping", AT)], AT + 100).paths


@pytest.mark.parametrize(("state", "days"), [("stopped", 1), ("terminated", 366)])
def test_on_a_path_without_a_target_a_state_counts_for_a_day_and_being_terminated_for_good(
    state: str, days: int
) -> None:
    world = configuration(Path("nat-a", None, (through(NAT_A),)), Path("nat-b", "nat-b", (through(NAT_B),)))
    signal = state_change(NAT_A, state, AT)
    end = AT + days * 86_400
    assert A in with_signals(world, told(), [signal], end - 1).paths
    assert A not in with_signals(world, told(), [signal], end).paths
    assert signal.kept_until >= end


@pytest.mark.parametrize("signal", [spot_warning(NAT_A, "stop", AT), lifecycle_action(NAT_A, "asg", AT)])
def test_probes_do_not_contradict_what_is_still_to_come(signal: Signal) -> None:
    assert A in with_signals(configuration(), told(since=AT + 30), [signal], AT + 100).paths


@pytest.mark.parametrize(
    ("signal", "seconds"), [(spot_warning(NAT_A, "stop", AT), 900), (lifecycle_action(NAT_A, "asg", AT), 3600)]
)
def test_a_warning_is_forgotten_after_its_time(signal: Signal, seconds: float) -> None:
    assert A in with_signals(configuration(), told(), [signal], AT + seconds - 1).paths
    assert A not in with_signals(configuration(), told(), [signal], AT + seconds).paths


@pytest.mark.parametrize(
    ("now", "speaks"),
    [(AT, False), (AT + 86_099, False), (AT + 86_100, True), (AT + 93_599, True), (AT + 93_600, False)],
)
def test_maintenance_counts_from_five_minutes_before_its_window_until_its_end(now: float, speaks: bool) -> None:
    found = with_signals(configuration(), told(), [planned()], now)
    assert (A in found.paths) == speaks
    if speaks:
        assert found.paths[A].since == AT + 86_100


@pytest.mark.parametrize("ends", [None, AT + 86_400, AT])
def test_a_window_without_a_usable_end_lasts_four_hours(ends: float | None) -> None:
    signal = planned(ends=ends)
    assert signal.ends_at == AT + 86_400 + 4 * 3600


def test_maintenance_that_is_called_off_counts_no_more() -> None:
    assert A not in with_signals(configuration(), told(), [withdrawn(planned())], AT + 87_000).paths


def test_a_change_of_state_is_named_before_what_was_announced() -> None:
    signals = [spot_warning(NAT_A, "terminate", AT), state_change(NAT_A, "shutting-down", AT + 120)]
    assert "is shutting-down" in with_signals(configuration(), told(), signals, AT + 121).paths[A].reason


# --- which of two stands


@given(st.integers(0, 2**33), st.integers(0, 2**33), st.sampled_from(STATES), st.sampled_from(STATES))
def test_the_later_signal_stands_and_of_one_second_the_one_further_down(
    one: int, other: int, first: str, second: str
) -> None:
    a, b = state_change(NAT_A, first, float(one)), state_change(NAT_A, second, float(other))
    assert (a.order < b.order) == ((one, STATES.index(first)) < (other, STATES.index(second)))


def test_what_is_called_off_and_planned_in_one_second_is_planned() -> None:
    assert withdrawn(planned()).order < planned().order < withdrawn(replace(planned(), at=AT + 1)).order


# --- against which paths


@pytest.mark.parametrize(
    "path",
    [
        Path("p", "far end", (through(NAT_B),)),
        Path("p", "nat-b", (NextHop(NextHopKind.ATTACHMENT, "tgw-attach-1"),)),
        Path("p", None, (through(NAT_B),)),
    ],
    ids=["its next hop", "its target's instance", "its next hop, unprobed"],
)
def test_a_signal_is_about_every_path_that_depends_on_the_instance(path: Path) -> None:
    world = configuration(path, Path("q", "far end", (through(NAT_A),)), Path("r", None))
    verdicts = {"far end": Verdict(UP, "probes", AT - 60), **told()}
    found = with_signals(world, verdicts, [state_change(NAT_B, "stopping", AT)], AT + 1)
    assert list(found.paths) == [("private", "p")]


def test_the_verdicts_on_targets_stay_those_of_the_probes() -> None:
    verdicts = told()
    found = with_signals(configuration(), verdicts, [state_change(NAT_B, "stopping", AT)], AT + 1)
    assert found.targets == verdicts


def test_a_path_without_probes_is_not_taken_as_healthy_again_while_nothing_says_that_the_instance_runs() -> None:
    world = configuration(Path("nat-a", None, (through(NAT_A),)), Path("nat-b", "nat-b", (through(NAT_B),)))
    assert A in with_signals(world, told(), [state_change(NAT_A, "stopped", AT)], AT + 86_399).paths
    assert A not in with_signals(world, told(), [state_change(NAT_A, "running", AT)], AT + 1).paths


def test_what_the_probes_have_found_dead_keeps_their_story() -> None:
    assert A not in with_signals(configuration(), told(a=DOWN), [state_change(NAT_A, "stopping", AT)], AT + 1).paths


# --- what is decided on it


def test_law_4_traffic_leaves_an_instance_that_is_stopping_while_it_still_answers() -> None:
    decision = choose(told(), state_change(NAT_A, "stopping", AT))
    assert isinstance(decision, Move)
    assert (decision.to, decision.verdict_at, decision.first_loss_at) == ("nat-b", AT, None)
    assert decision.reason.startswith("nat-a is UNHEALTHY (EC2 says that i-0a is stopping")


def test_law_2_traffic_is_not_moved_onto_an_instance_that_is_going_down() -> None:
    decision = choose(told(a=DOWN), state_change(NAT_B, "stopping", AT))
    assert isinstance(decision, Stay)
    assert decision.stranded


@pytest.mark.parametrize("signal", [spot_warning(NAT_B, "stop", AT), planned(NAT_B, AT, None)])
def test_law_4_a_dead_path_is_left_for_one_that_works_until_what_is_announced_comes(signal: Signal) -> None:
    decision = choose(told(a=DOWN), signal)
    assert isinstance(decision, Move)
    assert decision.to == "nat-b"


def test_law_3_of_two_paths_that_both_work_and_are_announced_neither_is_left_for_the_other() -> None:
    decision = choose(told(), spot_warning(NAT_A, "stop", AT), planned(NAT_B, AT, None))
    assert isinstance(decision, Stay)
    assert decision.stranded


@pytest.mark.parametrize("unsure", [NO_IDEA, DOWN])
def test_law_2_what_is_announced_and_does_not_answer_is_no_refuge(unsure: Health) -> None:
    assert isinstance(choose(told(a=DOWN, b=unsure), spot_warning(NAT_B, "stop", AT)), Stay)


def test_a_path_that_is_announced_to_go_is_not_returned_to() -> None:
    decision = choose(told(), planned(NAT_A, AT, None), path="nat-b", now=AT + 1000)
    assert isinstance(decision, Stay)
    assert "nat-a is UNHEALTHY: AWS has planned maintenance" in decision.reason


def test_law_8_what_is_going_down_is_no_other_healthy_way() -> None:
    world = configuration()
    group, signal = world.groups["private"], state_change(NAT_B, "stopping", AT)
    target = world.targets["nat-a"]
    assert has_another_way(world, group, target, Verdicts(told()))
    assert not has_another_way(world, group, target, with_signals(world, told(), [signal], AT + 1))


SAID = st.lists(
    st.builds(state_change, st.sampled_from([NAT_A, NAT_B]), st.sampled_from(STATES), st.just(AT))
    | st.builds(spot_warning, st.sampled_from([NAT_A, NAT_B]), st.just("stop"), st.just(AT))
    | st.builds(planned, st.sampled_from([NAT_A, NAT_B]), st.just(AT), st.none()),
    max_size=4,
)


@given(st.sampled_from(Health), st.sampled_from(Health), SAID, st.sampled_from(["nat-a", "nat-b"]))
def test_law_2_and_4_whatever_is_said_traffic_goes_only_where_probes_are_answered_and_never_without_cause(
    a: Health, b: Health, said: list[Signal], path: str
) -> None:
    world, probed = configuration(), told(a, b)
    decision = choose(probed, *said, path=path)
    if isinstance(decision, Move):
        found = with_signals(world, probed, said, AT + 1)
        assert probed[decision.to].health is UP
        going = {s.resource for s in said if s.kind is SignalKind.STATE and not s.withdrawn}
        assert {"nat-a": NAT_A, "nat-b": NAT_B}[decision.to] not in going
        left = found.paths.get(("private", path), probed[path])
        assert left.health is DOWN or decision.to == "nat-a"

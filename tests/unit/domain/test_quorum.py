"""From the vantages' opinions to one verdict."""

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.quorum import Verdict, suspected_vantages, verdicts
from routekeeper.domain.settings import Quorum, Target
from routekeeper.domain.vantage import Board, Vantage

UP, DOWN, NO_IDEA = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN
SEVERITY = {UP: 0, NO_IDEA: 1, DOWN: 2}


def opinion(health: Health, since: float = 100.0, first_loss_at: float | None = None) -> TargetHealth:
    return TargetHealth(health=health, since=since, reason="so it says", first_loss_at=first_loss_at)


def verdict(quorum: Quorum, *votes: Health | TargetHealth) -> Verdict:
    """The verdict on `dx`. A second target that is always answered keeps the vantages from being suspected."""
    held = [vote if isinstance(vote, TargetHealth) else opinion(vote) for vote in votes]
    ballots = {f"az-{number}": {"dx": one, "vpn": opinion(UP)} for number, one in enumerate(held)}
    return verdicts({"dx": Target("dx", (), quorum=quorum), "vpn": Target("vpn", ())}, ballots)["dx"]


@pytest.mark.parametrize(
    ("quorum", "votes", "expected"),
    [
        (Quorum.MAJORITY, (DOWN,), DOWN),
        (Quorum.MAJORITY, (DOWN, UP), NO_IDEA),
        (Quorum.MAJORITY, (DOWN, DOWN, UP), DOWN),
        (Quorum.MAJORITY, (DOWN, UP, UP), UP),
        (Quorum.MAJORITY, (DOWN, DOWN, UP, UP), NO_IDEA),
        (Quorum.ANY, (DOWN, UP, UP), DOWN),
        (Quorum.ANY, (UP, UP, UP), UP),
        (Quorum.ALL, (DOWN, DOWN, UP), NO_IDEA),
        (Quorum.ALL, (DOWN, DOWN, DOWN), DOWN),
    ],
)
def test_as_many_voting_vantages_as_the_quorum_asks_must_agree(
    quorum: Quorum, votes: tuple[Health, ...], expected: Health
) -> None:
    assert verdict(quorum, *votes).health is expected


@pytest.mark.parametrize("quorum", Quorum)
def test_law_1_no_vote_is_no_verdict(quorum: Quorum) -> None:
    assert verdict(quorum).health is NO_IDEA
    assert verdict(quorum, NO_IDEA, NO_IDEA).health is NO_IDEA


@pytest.mark.parametrize("quorum", Quorum)
def test_law_1_who_has_no_opinion_does_not_vote(quorum: Quorum) -> None:
    for votes in product(Health, repeat=3):
        voting = [vote for vote in votes if vote is not NO_IDEA]
        assert verdict(quorum, *votes).health is verdict(quorum, *voting).health


@pytest.mark.parametrize("quorum", Quorum)
def test_one_more_vote_for_unhealthy_never_makes_a_verdict_better(quorum: Quorum) -> None:
    """Every ballot of up to four voting vantages."""
    for size in range(1, 5):
        for votes in product((UP, DOWN), repeat=size):
            before = SEVERITY[verdict(quorum, *votes).health]
            for place in (place for place, vote in enumerate(votes) if vote is UP):
                worse = (*votes[:place], DOWN, *votes[place + 1 :])
                assert SEVERITY[verdict(quorum, *worse).health] >= before


@pytest.mark.parametrize("quorum", Quorum)
def test_who_says_it_does_not_matter(quorum: Quorum) -> None:
    for votes in product(Health, repeat=3):
        assert verdict(quorum, *votes).health is verdict(quorum, *reversed(votes)).health


# --- since when


def test_a_verdict_stands_since_the_last_vote_that_it_needed() -> None:
    told = verdict(Quorum.MAJORITY, opinion(DOWN, 100.0, 97.0), opinion(DOWN, 101.0, 96.5), opinion(DOWN, 105.0, 99.0))
    assert (told.since, told.first_loss_at) == (101.0, 96.5)


def test_under_quorum_any_a_target_is_healthy_since_the_last_vantage_took_its_vote_back() -> None:
    """Else the hold-down would run from the first vantage that never saw the outage, and be over at once."""
    assert verdict(Quorum.ANY, opinion(UP, since=0.0), opinion(UP, since=200.0)).since == 200.0


def test_a_healthy_verdict_has_no_first_loss() -> None:
    assert verdict(Quorum.MAJORITY, opinion(UP, first_loss_at=90.0)).first_loss_at is None


# --- law 5

CONFIGURED = {name: Target(name, ()) for name in ("dx", "vpn")}


def judge(**held: Mapping[str, Health]) -> dict[str, Health]:
    ballots = {name: {target: opinion(health) for target, health in seen.items()} for name, seen in held.items()}
    return {target: told.health for target, told in verdicts(CONFIGURED, ballots).items()}


def test_law_5_a_vantage_that_sees_everything_fail_is_suspected_if_another_disagrees() -> None:
    assert judge(az_a={"dx": DOWN, "vpn": DOWN}, az_b={"dx": UP, "vpn": UP}) == {"dx": UP, "vpn": UP}


def test_law_5_one_disagreement_is_enough_and_the_rest_is_judged_without_the_suspect() -> None:
    assert judge(az_a={"dx": DOWN, "vpn": DOWN}, az_b={"dx": DOWN, "vpn": UP}) == {"dx": DOWN, "vpn": UP}


def test_law_5_a_vantage_that_sees_one_target_healthy_is_believed_about_the_others() -> None:
    assert judge(az_a={"dx": DOWN, "vpn": UP}, az_b={"dx": UP, "vpn": UP}) == {"dx": NO_IDEA, "vpn": UP}


def test_law_5_nobody_is_suspected_where_all_agree() -> None:
    assert judge(az_a={"dx": DOWN, "vpn": DOWN}, az_b={"dx": DOWN, "vpn": DOWN}) == {"dx": DOWN, "vpn": DOWN}


def test_law_5_a_lone_vantage_is_believed() -> None:
    assert judge(az_a={"dx": DOWN, "vpn": DOWN}) == {"dx": DOWN, "vpn": DOWN}


def test_law_5_without_an_opinion_there_is_no_disagreement() -> None:
    assert judge(az_a={"dx": DOWN, "vpn": DOWN}, az_b={"dx": NO_IDEA, "vpn": NO_IDEA}) == {"dx": DOWN, "vpn": DOWN}


def test_law_5_who_judges_a_single_target_is_believed() -> None:
    """Two of three that see the only line down are a majority, and not two suspects outvoted by the third."""
    only = {"dx": Target("dx", ())}
    ballots = {name: {"dx": opinion(health)} for name, health in zip("abc", (DOWN, DOWN, UP), strict=True)}
    assert verdicts(only, ballots)["dx"].health is DOWN


def test_targets_that_are_no_longer_configured_have_no_say() -> None:
    left_over = {"old": opinion(UP)}
    ballots = {
        "a": {"dx": opinion(DOWN), "vpn": opinion(DOWN)} | left_over,
        "b": {"dx": opinion(UP), "vpn": opinion(UP)},
    }
    assert verdicts(CONFIGURED, ballots)["dx"].health is UP


def test_law_5_over_every_ballot_of_two_vantages_and_two_targets() -> None:
    for dx_a, vpn_a, dx_b, vpn_b in product(Health, repeat=4):
        held = {"a": {"dx": dx_a, "vpn": vpn_a}, "b": {"dx": dx_b, "vpn": vpn_b}}
        ballots = {name: {target: opinion(health) for target, health in seen.items()} for name, seen in held.items()}
        suspected = suspected_vantages(ballots)
        for name, other in (("a", "b"), ("b", "a")):
            failed = [target for target, health in held[name].items() if health is DOWN]
            everything = len(failed) == 2
            contradicted = any(held[other][target] is UP for target in failed)
            assert (name in suspected) == (everything and contradicted)


@given(
    st.dictionaries(
        st.sampled_from("abc"), st.dictionaries(st.sampled_from(["dx", "vpn"]), st.sampled_from(Health)), max_size=3
    )
)
def test_law_5_no_target_is_unhealthy_on_the_word_of_suspects_alone(held: dict[str, dict[str, Health]]) -> None:
    ballots = {name: {target: opinion(health) for target, health in seen.items()} for name, seen in held.items()}
    suspected = suspected_vantages(ballots)
    for target, told in verdicts(CONFIGURED, ballots).items():
        if told.health is not NO_IDEA:
            believed = [name for name in held if name not in suspected and held[name].get(target) is told.health]
            assert believed


# --- stale vantages


def test_law_1_a_vantage_without_a_fresh_heartbeat_does_not_vote() -> None:
    board = Board(
        vantages={"az-a": Vantage("az-a", 1, heartbeat_at=100.0), "az-b": Vantage("az-b", 1, heartbeat_at=129.0)},
        health={"az-a": {"dx": opinion(DOWN)}, "az-b": {"dx": opinion(UP), "vpn": opinion(UP)}},
    )
    assert set(board.fresh(130.0, 30.0)) == {"az-a", "az-b"}
    assert set(board.fresh(130.1, 30.0)) == {"az-b"}
    assert board.fresh(159.1, 30.0) == {}
    told = verdicts(CONFIGURED, board.fresh(130.1, 30.0))["dx"]
    assert told.health is UP


def test_a_vantage_that_only_beats_has_no_opinion() -> None:
    board = Board(vantages={"az-a": Vantage("az-a", 1, heartbeat_at=100.0)}, health={})
    assert verdicts(CONFIGURED, board.fresh(100.0, 30.0))["dx"].health is NO_IDEA

"""What transitions say of themselves."""

from dataclasses import replace

from routekeeper.domain.group_state import Transition, TransitionKind


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

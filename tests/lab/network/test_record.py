from __future__ import annotations

from lab.network.record import Blackout, Packet, blackouts, collect, longest_blackout, lost_between


def stream(pattern: str, *, interval: float = 1.0) -> tuple[Packet, ...]:
    """One packet per letter: `.` is answered 0.01 s later, `x` is lost."""
    return tuple(
        Packet(number, number * interval, number * interval + 0.01 if letter == "." else None)
        for number, letter in enumerate(pattern)
    )


def test_no_loss_is_no_blackout() -> None:
    assert blackouts(stream("....")) == ()
    assert longest_blackout(stream("....")) is None


def test_a_blackout_lasts_from_the_first_lost_packet_to_the_next_answered_one() -> None:
    assert blackouts(stream("..xxx..")) == (Blackout(start=2, end=5, packets_lost=3),)


def test_separate_losses_are_separate_blackouts() -> None:
    assert [one.packets_lost for one in blackouts(stream(".x..xx."))] == [1, 2]


def test_a_blackout_that_lasts_to_the_end_of_the_record_is_not_over() -> None:
    assert blackouts(stream("..xx")) == (Blackout(start=2, end=3, packets_lost=2, over=False),)


def test_a_record_of_nothing_but_losses_is_one_blackout() -> None:
    assert blackouts(stream("xxx")) == (Blackout(start=0, end=2, packets_lost=3, over=False),)


def test_short_revivals_do_not_split_a_blackout_when_bridged() -> None:
    assert blackouts(stream(".xx.xx.."), bridge_seconds=1.5) == (Blackout(start=1, end=6, packets_lost=4),)


def test_the_longest_blackout_is_the_one_that_lasted_longest() -> None:
    longest = longest_blackout(stream(".x..xxx.."))
    assert longest is not None
    assert longest.seconds == 3


def test_losses_are_counted_by_the_time_of_sending_with_the_end_left_out() -> None:
    assert lost_between(stream("xxxx"), start=1, end=3) == 2


def test_a_late_answer_takes_back_an_earlier_loss() -> None:
    reported = [Packet(1, 1.0), Packet(0, 0.0, 0.1), Packet(1, 1.0, 2.5)]
    assert collect(reported) == (Packet(0, 0.0, 0.1), Packet(1, 1.0, 2.5))


def test_a_packet_survives_the_way_through_json() -> None:
    for packet in (Packet(7, 1.5, 1.6), Packet(8, 2.5)):
        assert Packet.from_json(packet.to_json()) == packet

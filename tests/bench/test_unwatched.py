"""Arrivals, intervals and what was used up."""

from __future__ import annotations

import pytest

from bench.unwatched.heartbeats import summed_up
from bench.unwatched.intervals import intervals, rounds
from bench.unwatched.sightings import Sighting, parse
from bench.unwatched.usage import tally
from routekeeper.domain.vantage import Summary, Vantage
from routekeeper.store.items import vantage_items

HEADER = bytes([0x45, *[0] * 8]), bytes([0, 0, 10, 0, 11, 10, 10, 109, 2, 1])


def packet(protocol: int, payload: bytes) -> bytes:
    return HEADER[0] + bytes([protocol]) + HEADER[1] + payload


def tcp(port: int, flags: int) -> bytes:
    return bytes([0x99, 0x99, *port.to_bytes(2), *[0] * 8, 0x50, flags, *[0] * 6])


def test_echo_requests_and_beginnings_of_connections_are_probes() -> None:
    assert parse(packet(1, b"\x08\x00"), 5.0) == Sighting(5.0, "10.0.11.10", "10.109.2.1", "icmp")
    assert parse(packet(6, tcp(179, 0x02)), 5.0) == Sighting(5.0, "10.0.11.10", "10.109.2.1", "tcp 179")


@pytest.mark.parametrize(
    "other", [packet(1, b"\x00\x00"), packet(6, tcp(179, 0x12)), packet(6, tcp(179, 0x10)), packet(17, b"x" * 20), b""]
)
def test_nothing_else_is(other: bytes) -> None:
    assert parse(other, 5.0) is None


def test_probes_sent_together_are_one_round() -> None:
    assert rounds([1.0, 1.001, 2.0, 2.015, 2.9]) == [1.0, 2.0, 2.9]


def test_the_edges_of_the_watch_bound_the_first_and_the_last_interval() -> None:
    found = [round(one.seconds, 3) for one in intervals([0.5, 1.5, 3.5], start=0.0, end=4.0)]
    assert found == [0.5, 1.0, 2.0, 0.5]
    assert [one.seconds for one in intervals([], start=0.0, end=4.0)] == [4.0]


def test_requests_are_summed_by_function_action_and_key() -> None:
    def entry(function: str, pk: str, status: int = 200) -> dict[str, object]:
        kind = {"action": "PutItem", "pk": pk, "read_units": 0.0, "write_units": 2.0, "status": status}
        return {"at": 0.0, "function": function, **kind}

    told = tally([entry("m", "LEASE"), entry("m", "LEASE", 400), entry("m", "VANTAGE"), entry("r", "GROUP")])
    assert [(one["pk"], one["requests"], one["refused"], one["write_units"]) for one in told["m"]] == [
        ("LEASE", 2, 1, 4.0),
        ("VANTAGE", 1, 0, 2.0),
    ]
    assert told["r"][0]["requests"] == 1


def heartbeat(vantage: str, at: float, sent: int) -> dict[str, object]:
    """As the store writes it."""
    [item] = vantage_items(Vantage(vantage, 1, at, summaries={"dx": Summary(sent=sent, unknown=1)}))
    return dict(item)


def test_every_heartbeat_but_the_first_counts_what_was_sent_since_the_one_before() -> None:
    beats = [("a", 10.0, 9), ("b", 11.0, 9), ("a", 20.0, 9), ("a", 21.0, 0)]
    told = summed_up(heartbeat(*beat) for beat in beats)
    assert (told["a"].first, told["a"].last, told["a"].rounds["dx"]) == (10.0, 21.0, 11)
    assert (told["b"].first, told["b"].last, told["b"].rounds["dx"]) == (11.0, 11.0, 0)

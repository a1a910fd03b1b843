"""From the outcomes of a round's probes to the outcome of the round."""

from __future__ import annotations

import pytest

from routekeeper.domain.health import Health
from routekeeper.domain.settings import Require
from routekeeper.monitor.rounds import combine
from routekeeper.probes import Result

H, U, N = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN


def combined(require: Require, *seen: Health, missing: int = 0) -> Health | None:
    result = combine(require, [Result(health, health.value) for health in seen], missing)
    return None if result is None else result.health


@pytest.mark.parametrize(("seen", "expected"), [((H, U), H), ((U, U), U), ((U, N), U), ((N, N), N), ((H, N), H)])
def test_any_takes_one_success_and_ignores_what_could_not_be_sent(seen: tuple[Health, ...], expected: Health) -> None:
    assert combined(Require.ANY, *seen) is expected


@pytest.mark.parametrize(("seen", "expected"), [((H, U), U), ((H, H), H), ((U, N), U), ((H, N), N), ((N, N), N)])
def test_all_needs_every_probes_word(seen: tuple[Health, ...], expected: Health) -> None:
    assert combined(Require.ALL, *seen) is expected


def test_a_round_is_open_while_a_missing_probe_could_change_it() -> None:
    assert combined(Require.ANY, U, missing=1) is None
    assert combined(Require.ANY, H, missing=1) is H
    assert combined(Require.ALL, H, missing=1) is None
    assert combined(Require.ALL, U, missing=1) is U


def test_a_round_names_the_addresses_that_its_outcome_is_about_each_once() -> None:
    first, second = Result(U, "icmp").at("10.0.1.10"), Result(U, "tcp").at("10.0.1.10")
    other, unsent = Result(U, "http").at("10.0.1.11"), Result(N, "name")
    told = combine(Require.ANY, [first, second, other, unsent], 0)
    assert told is not None
    assert told.address == "10.0.1.10, 10.0.1.11"
    none = combine(Require.ANY, [unsent], 0)
    assert none is not None
    assert none.address is None

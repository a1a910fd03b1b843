from __future__ import annotations

import pytest

from lab.network.faults import Condition, Direction, InstanceFault, instance_chains, line_chains

SOUND = dict.fromkeys(Direction, Condition())


def test_a_sound_line_has_no_rules() -> None:
    assert line_chains(SOUND) == ""


def test_a_cut_drops_every_packet_of_its_direction_only() -> None:
    chains = line_chains({**SOUND, Direction.OUTBOUND: Condition(loss=1)})
    assert 'iifname "near" drop' in chains
    assert '"far"' not in chains


def test_a_loss_drops_its_share_at_random() -> None:
    chains = line_chains({**SOUND, Direction.INBOUND: Condition(loss=0.125)})
    assert 'iifname "far" numgen random mod 10000 < 1250 drop' in chains


def test_the_bridge_leaves_a_delayed_direction_to_the_wire() -> None:
    chains = line_chains({**SOUND, Direction.OUTBOUND: Condition(delay_seconds=0.05, loss=0.5)})
    assert 'iifname "near" drop' in chains


def test_a_cut_needs_no_wire_whatever_the_delay() -> None:
    assert not Condition(loss=1, delay_seconds=0.05).delayed


@pytest.mark.parametrize("loss", [-0.1, 1.1])
def test_a_loss_that_is_no_share_is_refused(loss: float) -> None:
    with pytest.raises(ValueError, match="loss is a share"):
        Condition(loss=loss)


def test_a_negative_delay_is_refused() -> None:
    with pytest.raises(ValueError, match="delay_seconds cannot be negative"):
        Condition(delay_seconds=-1)


def test_a_hung_instance_neither_hears_nor_speaks() -> None:
    chains = instance_chains(InstanceFault.HUNG)
    assert "hook prerouting" in chains
    assert "hook output" in chains


def test_an_instance_that_does_not_forward_still_answers() -> None:
    chains = instance_chains(InstanceFault.NOT_FORWARDING)
    assert "hook forward" in chains
    assert "prerouting" not in chains

"""Configurations that change in the middle of a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.domain.restart import InstanceState, Phase
from tests.unit.restarter.fake_ec2 import Machine
from tests.unit.restarter.story import GO, STOP, Story, active_phase


@pytest.mark.parametrize("removed", [True, False], ids=["target removed", "instance exchanged"])
def test_what_was_stopped_and_is_no_longer_configured_is_started_again_and_let_go(*, removed: bool) -> None:
    story = Story()
    story.ec2.machines |= {"i-a": Machine(stop_seconds=100), "i-new": Machine()}
    story.leave("nat-a")
    target = story.configuration.targets["nat-a"]
    story.timeline.at(65, lambda: story.reconfigure(None if removed else replace(target, instance="i-new")))

    story.run(300)

    assert story.actions()[:2] == [STOP, GO]
    assert story.outcomes()[:2] == ["BEGUN", "ABANDONED"]
    assert story.ec2.machines["i-a"].state is InstanceState.RUNNING


def test_what_is_no_longer_configured_and_still_runs_is_let_go_untouched() -> None:
    story = Story()
    story.ec2.kill_before(STOP)
    story.leave("nat-a")
    story.run(61)
    assert active_phase(story) is Phase.STOPPING
    story.reconfigure(None)

    story.run(60)

    assert story.actions() == []
    assert sorted(story.outcomes()) == ["ABANDONED", "BEGUN"], "its first step was told late"

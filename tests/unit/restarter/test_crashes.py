"""Killed at any point, or overtaken by another: a restart is done once and completely (law 10)."""

from __future__ import annotations

from dataclasses import replace

from lab.memory_store import MemoryStore
from routekeeper.domain.errors import StoreError
from routekeeper.domain.restart import Active, InstanceState, Phase
from tests.unit.restarter.fake_ec2 import Machine
from tests.unit.restarter.story import FORCE, GO, STOP, Life, Story, active_phase
from tests.unit.restarter.timeline import START


def test_law_10_killed_between_save_and_call_the_next_invocation_makes_the_call() -> None:
    story = Story()
    story.leave("nat-a")
    story.ec2.kill_before(STOP)

    story.run(240)

    assert story.actions() == [STOP, GO]
    assert story.at(STOP) == [120], "the invocation of 60 s was killed"


def test_law_10_a_forced_stop_that_was_saved_and_never_asked_for_is_asked_for() -> None:
    story = Story()
    story.ec2.machines["i-a"].hangs = True
    story.leave("nat-a")
    story.ec2.kill_before(FORCE)

    story.run(480)

    assert FORCE in story.actions()
    assert story.outcomes() == ["BEGUN", "RECOVERED"]


def test_law_10_killed_at_any_line_the_restart_is_done_once_and_completely(quick: bool) -> None:
    lived = Story()
    lived.leave("nat-a")
    lived.run(180)
    half_steps = -lived.life.left
    assert half_steps > 100

    for killed_after in range(1, half_steps + 1, 3 if quick else 1):  # by threes: before a step and after one in turn
        story = Story()
        story.life = Life(killed_after)
        story.leave("nat-a")

        story.run(420)

        assert story.actions() == [STOP, GO], killed_after
        assert active_phase(story) is None
        assert [event.outcome.name for event in story.history()] == ["BEGUN", "PROGRESS", "PROGRESS", "RECOVERED"]
        assert story.ec2.machines["i-a"].state is InstanceState.RUNNING


def test_a_lost_race_leaves_the_group_to_the_winner() -> None:
    story = Story()
    story.leave("nat-a")
    story.timeline.sleep(60)
    story.store.before("save_restart", lambda: winner_begins(story))

    summary = story.invoke()

    assert story.actions() == [], "the winner asks EC2"
    assert summary.groups[0].reason == "somebody else is attending to it"
    assert summary.errors == ()


def winner_begins(story: Story) -> None:
    other = MemoryStore(story.table, writer="winner")
    other.save_restart(
        replace(other.load_restart("nat"), active=Active("nat-a", "i-a", Phase.STOPPING, START, START, 1))
    )


def test_a_save_whose_answer_is_lost_is_taken_up_by_the_next_invocation() -> None:
    story = Story()
    story.leave("nat-a")
    story.store.fail("save_restart", StoreError("no answer"), after_acting=True)

    story.run(240)

    assert story.actions() == [STOP, GO]
    assert [event.outcome.name for event in story.history()] == ["BEGUN", "PROGRESS", "PROGRESS", "RECOVERED"]


def test_law_8_who_is_late_does_not_repeat_what_another_has_gone_on_from() -> None:
    """While it looks at the instance, another one finds it stopped and saves that it is to be started."""
    story = Story()
    story.ec2.machines["i-a"] = Machine(hangs=True, hangs_even_forced=True)
    story.leave("nat-a")
    story.run(300)
    forced = story.actions().count(FORCE)
    assert (active_phase(story), forced > 0) == (Phase.FORCING, True)

    def overtake() -> None:
        state = story.store.load_restart("nat")
        assert state.active is not None
        story.store.save_restart(replace(state, active=replace(state.active, phase=Phase.STARTING)))

    story.ec2.slow_seconds["i-a"] = 1.0
    story.timeline.after(0.5, overtake)

    story.invoke()

    assert story.actions().count(FORCE) == forced

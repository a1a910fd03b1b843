"""What people are not told: the steps of a restart between its begin and its end."""

from __future__ import annotations

from tests.unit.restarter.story import Story


def test_the_steps_of_a_restart_are_history_and_only_its_begin_and_end_are_told() -> None:
    story = Story()
    story.leave("nat-a")

    story.run(180)

    assert [event.outcome.name for event in story.history()] == ["BEGUN", "PROGRESS", "PROGRESS", "RECOVERED"]
    assert [event.outcome.name for event in story.told] == ["BEGUN", "RECOVERED"]

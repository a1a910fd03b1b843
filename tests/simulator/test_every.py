"""Every call, every failure: a part of it that `make test` has time for, and that it bites."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from lab.simulator.__main__ import FAILING, main
from lab.simulator.every import runs
from lab.simulator.every.aim import Aim, at, ways
from lab.simulator.every.mutants import BITES
from lab.simulator.every.report import every
from lab.simulator.every.runs import Part, aims, calls, play, some
from lab.simulator.every.stage import staged
from lab.simulator.every.stories import STORIES
from lab.simulator.mutants import alive
from lab.simulator.scenarios import SCENARIOS
from lab.simulator.simulation import Outcome
from lab.simulator.strikes import BUS, EC2, TABLE, TOPIC, Call, Failure


@pytest.fixture(scope="module")
def made() -> dict[str, list[Call]]:
    return {story: calls(story) for story in STORIES}


@pytest.mark.parametrize("story", STORIES)
def test_every_story_ends_right_if_no_call_fails(story: str) -> None:
    assert calls(story)


def test_no_story_is_called_like_a_scenario() -> None:
    assert set(STORIES).isdisjoint(SCENARIOS)


def test_the_stories_have_calls_of_each_function_to_each_service(made: dict[str, list[Call]]) -> None:
    found = {(call.function, call.service) for story in made.values() for call in story}
    assert found == {
        *((function, service.name) for function in ("router", "restarter") for service in (EC2, TABLE, TOPIC, BUS)),
        ("operator", TABLE.name),
        ("monitor", TABLE.name),
    }


@pytest.mark.parametrize("story", STORIES)
def test_of_calls_that_are_alike_the_first_may_fail_in_every_way(story: str, made: dict[str, list[Call]]) -> None:
    for aim in some(made):
        if aim.story == story:
            outcome = play(aim)
            assert outcome.error is None, aim
            assert outcome.violation is None, f"make simulate SCENARIO={aim}"


@pytest.mark.parametrize("name", BITES)
def test_a_bug_that_shows_only_when_a_call_fails_is_found(name: str) -> None:
    aim = Aim.parse(name)
    assert play(aim).fault is None
    with alive(BITES[name]):
        assert staged(aim.story).play().fault is None, "nothing shows as long as no call fails"
        caught = play(aim)
    assert caught.error is None
    assert caught.violation is not None


@pytest.mark.parametrize("aim", tuple(at("failover", 3)), ids=str)
def test_a_run_is_written_as_it_is_read(aim: Aim) -> None:
    assert Aim.parse(str(aim)) == aim


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("failover:3:bored", "'bored' is no failure"),
        ("failover:3:throttled-for-good", "throttled befalls a single call only"),
        ("failover:0:denied", "'0' is no call"),
        ("failover:x:denied", "'x' is no call"),
    ],
)
def test_what_is_no_run_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Aim.parse(text)
    assert main(["simulate", text]) == 2


def test_a_call_that_a_story_does_not_have_is_an_error() -> None:
    assert "drift has no call 9999" in str(play(Aim("drift", 9999, Failure.DENIED)).error)


def test_the_run_that_people_are_shown_can_be_played(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", FAILING]) == 0
    assert "befalls call" in capsys.readouterr().out


def test_parts_are_the_whole_without_repetition(made: dict[str, list[Call]]) -> None:
    whole = aims(made)
    parts = [aim for number in (1, 2, 3) for aim in Part(number, 3).of_all(whole)]
    assert sorted(map(str, parts)) == sorted(map(str, whole))
    assert len(whole) == 10 * sum(map(len, made.values()))


@pytest.mark.parametrize("of", [2, 5, 10])
def test_every_part_has_failures_of_each_kind(made: dict[str, list[Call]], of: int) -> None:
    part = Part(1, of).of_all(aims(made))
    assert {str(aim).rpartition(":")[2] for aim in part} == set(ways())


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b"])
def test_what_is_no_part_is_refused(text: str) -> None:
    assert main(["every", "drift", "--part", text]) == 2


def test_a_story_that_there_is_not_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["every", "nosuch"]) == 2
    assert "there is no story nosuch" in capsys.readouterr().out


def test_finds_are_told_and_make_it_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def played(planned: list[Aim], workers: int | None) -> Iterator[tuple[Aim, Outcome] | None]:
        del workers
        yield None
        yield planned[0], Outcome.failed("lost: it has not ended")

    monkeypatch.setattr("lab.simulator.every.report.played", played)
    told = Console(file=StringIO(), width=200)
    assert not every(told, ("drift",), runs.aims, Part())
    assert isinstance(told.file, StringIO)
    text = told.file.getvalue()
    assert "make simulate SCENARIO=drift:1:throttled" in text
    assert "runs were not played" in text

"""What people read, compared with one golden file in `messages/` for each kind of news.

If you have changed words on purpose, `REFRESH_GOLDEN=1 build/venv/bin/pytest tests/unit/announcing` writes the files
anew. Read the difference before you commit it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.announcing.messages import OUTCOMES, Message, of_engagement, of_restart, of_transition
from routekeeper.domain.group_state import TransitionKind
from routekeeper.domain.restart import RestartOutcome
from tests.unit.announcing.golden import expected, names
from tests.unit.announcing.news import DEPLOYMENT, ENGAGEMENT, FAILOVER, PARTLY, RESTARTS, TRANSITIONS

MESSAGES = {
    **{name: of_transition(one, DEPLOYMENT) for name, one in TRANSITIONS.items()},
    "brake": of_engagement(ENGAGEMENT, DEPLOYMENT),
    **{name: of_restart(one, DEPLOYMENT) for name, one in RESTARTS.items()},
}


def shown(message: Message) -> str:
    return f"Subject: {message.subject}\n\n{message.body}\n"


@pytest.mark.parametrize("name", MESSAGES)
def test_each_kind_of_news_reads_as_in_its_golden_file(name: str) -> None:
    assert shown(MESSAGES[name]) == expected(f"messages/{name}.txt", shown(MESSAGES[name]))


def test_every_golden_file_is_of_some_news() -> None:
    assert names("messages") == set(MESSAGES)


def test_every_kind_of_transition_and_every_outcome_that_is_told_has_its_golden_file() -> None:
    assert {one.kind for one in TRANSITIONS.values()} == set(TransitionKind)
    assert {one.outcome for one in RESTARTS.values()} == set(RestartOutcome) - {RestartOutcome.PROGRESS}


def test_every_outcome_has_words() -> None:
    assert set(OUTCOMES) == set(RestartOutcome)


@pytest.mark.parametrize("kind", TransitionKind)
def test_the_subject_of_every_kind_says_how_many_routes_are_not_changed_yet(kind: TransitionKind) -> None:
    subject = of_transition(replace(FAILOVER, kind=kind, changes=PARTLY), DEPLOYMENT).subject
    assert "nat-b" in subject
    assert subject.endswith(", 1 of 3 routes not yet")


@pytest.mark.parametrize("kind", [kind for kind in TransitionKind if kind is not TransitionKind.COMPLETION])
def test_law_14_the_subject_of_what_ec2_has_refused_says_so(kind: TransitionKind) -> None:
    subject = of_transition(replace(TRANSITIONS["failover-refused"], kind=kind), DEPLOYMENT).subject
    assert "nat-b" in subject
    assert subject.endswith(", refused by EC2")
    assert "put right" not in subject
    assert "] private-a put on" not in subject

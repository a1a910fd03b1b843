"""Nothing is refused for its size or its subject, and what matters is told all the same."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from routekeeper.announcing import details, messages
from routekeeper.announcing.fitting import MOST_OCTETS, REASON_OCTETS, SUBJECT_LIMIT, cut_reason, how_many_fit
from routekeeper.config import values
from routekeeper.config.brake import MOST_MOVES
from routekeeper.domain.brake import Counted, Engagement
from routekeeper.domain.group_state import Asker, RouteChange, Transition, TransitionKind
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.operator.fields import LONGEST_TEXT
from tests.unit.announcing.news import AT, DEPLOYMENT, ENGAGEMENT, FAILOVER, PARTLY, RESTARTS

TAKEN = 256 * 1024
"""Octets that SNS takes as a message, and EventBridge as an entry."""
LONGEST_STACK = "s" * 128
"""CloudFormation API reference, CreateStack, StackName."""
GROUP, FROM, TO = (values.name(f"{end}-{'x' * 55}-{end}") for end in ("grp", "frm", "too"))
MANY = 800
"""Routes, of which each may be refused with an encoded authorization message of 1.4 KB."""


def subject(transition: Transition, deployment: str = DEPLOYMENT) -> str:
    return messages.of_transition(transition, deployment).subject


def fits(text: str) -> bool:
    return 0 < len(text) <= SUBJECT_LIMIT < 100 and text.isascii() and text.isprintable()


# --- subjects


def test_a_subject_that_fits_begins_with_the_deployment() -> None:
    assert subject(FAILOVER) == "[routekeeper-prod] failover of private-a: nat-a -> nat-b"


def test_a_subject_that_is_too_long_loses_the_deployment_before_any_name_is_cut() -> None:
    assert subject(FAILOVER, LONGEST_STACK) == "failover of private-a: nat-a -> nat-b"


def test_the_longest_names_that_the_configuration_allows_are_really_the_longest() -> None:
    assert len(GROUP) == 63
    with pytest.raises(Exception, match="at most 63"):
        values.name(GROUP + "x")


def test_a_long_path_is_cut_in_the_middle_and_the_short_names_stay_whole() -> None:
    assert subject(replace(FAILOVER, from_path=FROM, to_path="vpn")) == f"failover of private-a: {FROM} -> vpn"
    told = subject(replace(FAILOVER, from_path=FROM, to_path="vpn", changes=PARTLY))
    assert told == "failover of private-a: frm-xxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxx-frm -> vpn, 1 of 3 routes not yet"
    assert len(told) == SUBJECT_LIMIT


@pytest.mark.parametrize("kind", TransitionKind)
@pytest.mark.parametrize("routes", [0, MANY])
@pytest.mark.parametrize("deployment", ["s", LONGEST_STACK])
def test_with_the_longest_names_every_subject_still_says_where_to_and_from_where(
    kind: TransitionKind, routes: int, deployment: str
) -> None:
    changes = tuple(replace(PARTLY[1], resource=str(number)) for number in range(routes))
    told = subject(Transition("t-1", GROUP, kind, FROM, TO, "why", AT, applied_at=AT, changes=changes), deployment)
    assert fits(told)
    assert "too-x" in told
    assert "x-too" in told
    assert "grp-x" in told
    assert ("frm-x" in told) == (" -> " in told)
    assert ("800 of 800 routes not yet" in told) == bool(routes)


@pytest.mark.parametrize("event", RESTARTS.values(), ids=RESTARTS)
def test_with_the_longest_names_every_restart_still_says_which_instance(event: RestartEvent) -> None:
    long = replace(event, target=TO, instance="i-0123456789abcdef0")
    told = messages.of_restart(long, LONGEST_STACK).subject
    assert fits(told)
    assert told.startswith(f"{messages.OUTCOMES[event.outcome]}: too-x")
    assert told.endswith("x-too (i-0123456789abcdef0)")


def test_the_brakes_subject_fits_with_the_longest_stack_and_the_highest_limit() -> None:
    told = messages.of_engagement(replace(ENGAGEMENT, limit=MOST_MOVES, per_seconds=86_400.0), LONGEST_STACK).subject
    assert fits(told)
    assert told == "the brake has engaged: 1000 moves within 86400 s"


def test_what_sns_takes_in_no_subject_is_replaced_even_where_no_configuration_allows_it() -> None:
    told = subject(replace(FAILOVER, group="pr\u00edvate\n\t\x7fa"), "\u00fcber")
    assert told == "[?ber] failover of pr?vate???a: nat-a -> nat-b"


def test_a_reason_is_no_part_of_a_subject_and_keeps_its_lines_in_the_body() -> None:
    told = messages.of_transition(replace(FAILOVER, reason="two\nlines \u2013 of \u00fc"), DEPLOYMENT)
    assert told.subject == subject(FAILOVER)
    assert "Why: two\nlines \u2013 of \u00fc\n" in told.body


# --- sizes


def refused(number: int, words: str) -> RouteChange:
    return RouteChange(f"rtb-{number:017x} 0.0.0.0/0", "i-0aaaaaaaa", "i-0bbbbbbbb", Refusal("Unauthorized", words))


def of_many(words: str, routes: int = MANY) -> Transition:
    """The worst that may have to be told: a change of many routes, all refused, that somebody with much to say asked
    for because of a very long reason."""
    asked = Asker("m" * LONGEST_TEXT, AT, "r" * LONGEST_TEXT, "arn:" + "i" * 2048)
    changes = tuple(refused(number, words) for number in range(routes))
    return replace(FAILOVER, asked=asked, forced=True, reason=words * routes, changes=changes)


WORDS = pytest.mark.parametrize(
    "words",
    ["w" * 1400, "\u00fc" * 700, "\U0001f525" * 350, "\x00" * 1400],
    ids=["plain", "latin", "astral", "escaped"],
)


@WORDS
def test_a_message_of_hundreds_of_failed_routes_lists_the_first_and_says_how_many_more(words: str) -> None:
    body = messages.of_transition(of_many(words), DEPLOYMENT).body
    listed = sum(line.startswith("  rtb-") for line in body.splitlines())
    assert TAKEN * 0.8 < len(body.encode()) < TAKEN
    assert 0 < listed < MANY
    left = MANY - listed
    assert f"\n  and {left} more, of which {left} FAILED: this message has no room for them\n" in body
    assert body.endswith(f"\n\nEvent private-a-41 of deployment {DEPLOYMENT}.")


def test_of_the_routes_that_a_message_has_no_room_for_it_counts_the_failed_ones() -> None:
    changes = (*(refused(number, "w" * 1400) for number in range(MANY)), *FAILOVER.changes)
    body = messages.of_transition(replace(FAILOVER, changes=changes), DEPLOYMENT).body
    [line] = [line for line in body.splitlines() if line.startswith("  and ")]
    more, failed = (int(word) for word in line.split() if word.isdigit())
    assert failed == more - len(FAILOVER.changes)


@WORDS
def test_an_event_of_hundreds_of_failed_routes_has_the_first_changes_and_counts_of_all(words: str) -> None:
    event = details.of_transition(of_many(words), DEPLOYMENT)
    size = len(event.detail.encode()) + len("routekeeper") + len(event.detail_type)
    assert TAKEN * 0.8 < size < TAKEN
    detail: dict[str, Any] = json.loads(event.detail)
    assert 0 < len(detail["changes"]) < MANY
    assert [change["resource"] for change in detail["changes"]] == [
        refused(number, words).resource for number in range(len(detail["changes"]))
    ]
    assert detail["changes_left_out"] == MANY - len(detail["changes"])
    assert detail["changes_failed"] == MANY


def test_what_fits_is_told_whole() -> None:
    short = of_many("w" * 50)
    assert "FAILED: this message" not in messages.of_transition(short, DEPLOYMENT).body
    detail = json.loads(details.of_transition(short, DEPLOYMENT).detail)
    assert (len(detail["changes"]), detail["changes_left_out"], detail["changes_failed"]) == (MANY, 0, MANY)


def test_a_change_too_large_for_any_message_leaves_the_rest_to_be_told() -> None:
    huge = of_many("w" * TAKEN, routes=1)
    assert "\n  and 1 more, of which 1 FAILED:" in messages.of_transition(huge, DEPLOYMENT).body
    detail = json.loads(details.of_transition(huge, DEPLOYMENT).detail)
    assert (detail["changes"], detail["changes_left_out"]) == ([], 1)


def test_the_brake_with_the_most_moves_of_the_longest_names_fits() -> None:
    moves = tuple(Counted(f"{GROUP}-{number:09d}", AT) for number in range(MOST_MOVES))
    engagement = Engagement(AT, MOST_MOVES, 86_400.0, moves)
    assert len(messages.of_engagement(engagement, LONGEST_STACK).body.encode()) < MOST_OCTETS
    assert len(details.of_engagement(engagement, LONGEST_STACK).detail.encode()) < MOST_OCTETS


def test_a_restart_with_a_very_long_reason_fits() -> None:
    event = replace(RESTARTS["restart-gave-up"], reason="\x00" * TAKEN)
    assert len(messages.of_restart(event, LONGEST_STACK).body.encode()) < MOST_OCTETS
    assert len(details.of_restart(event, LONGEST_STACK).detail.encode()) < MOST_OCTETS


@pytest.mark.parametrize("text", ["w", "\u00fc", "\U0001f525"])
def test_a_reason_is_cut_between_characters_and_only_if_it_must_be(text: str) -> None:
    longest = text * (REASON_OCTETS // len(text.encode()))
    assert cut_reason(longest) == longest
    cut = cut_reason(longest + text)
    assert cut.endswith("...")
    assert cut.removesuffix("...") == text * len(cut.removesuffix("..."))
    assert REASON_OCTETS - 4 < len(cut.encode()) <= REASON_OCTETS


@pytest.mark.parametrize(("room", "fitting"), [(-1, 0), (0, 0), (4, 0), (5, 1), (9, 1), (10, 2), (99, 3)])
def test_entries_count_with_what_stands_between_them(room: int, fitting: int) -> None:
    assert how_many_fit(["abc", "\u00fcc", "abc"], room) == fitting

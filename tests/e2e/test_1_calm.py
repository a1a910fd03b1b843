"""While all is well: what an operator may ask, what a poisoned table does, and what must not move anything."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lab.cloud.user_view import wait_for
from lab.laboratory import Laboratory
from tests.e2e import user
from tests.e2e.configuration import REHEARSAL_FAILBACK_SECONDS

pytestmark = [pytest.mark.network, pytest.mark.e2e, pytest.mark.timeout(240)]


def test_at_first_nothing_is_moved_and_all_paths_are_as_they_were_found(lab: Laboratory) -> None:
    groups = lab.ask(action="status")["groups"]
    assert {name: group["path"] for name, group in groups.items()} == {
        "idc": "dx",
        "rehearsal": "dx",
        "private-a": "nat-a",
        "private-b": "nat-b",
        "refused": "first",
        "untagged": "first",
        "barred": "first",
    }
    assert lab.ask(action="history")["events"] == []


def test_where_icmp_is_refused_tcp_speaks_alone_for_a_target(lab: Laboratory) -> None:
    vote = user.status(lab, "idc")["paths"]["dx"]["votes"]["b"]
    assert (vote["health"], vote["counts"]) == ("HEALTHY", True)
    assert "tcp" in vote["reason"]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"action": "failover", "group": "idk", "to": "vpn"}, "group"),
        ({"action": "failover", "group": "rehearsal", "to": "vpm"}, "to"),
        ({"action": "pin", "group": "rehearsal", "until": "2020-01-01T00:00:00Z"}, "until"),
        ({"action": "pause", "group": "rehearsal", "for": "8d"}, "for"),
        ({"action": "failover", "group": "rehearsal", "force": "yes"}, "force"),
        ({"action": "explode", "group": "rehearsal"}, "action"),
    ],
    ids=["unknown group", "unknown path", "expired time", "too long", "wrong type", "unknown action"],
)
def test_a_request_at_fault_is_told_what_is_wrong_and_changes_nothing(
    lab: Laboratory, payload: dict[str, Any], field: str
) -> None:
    before = user.status(lab, "rehearsal")["intents"]
    answer = lab.ask(**payload, by="mia", reason="a slip of the hand")
    assert answer["ok"] is False
    assert answer["error"]["field"] == field
    assert answer["error"]["message"].startswith(f"{field}: ")
    assert user.status(lab, "rehearsal")["intents"] == before


def test_a_rehearsal_by_hand_is_held_as_long_as_asked_though_a_poison_record_lies_in_the_stream(
    lab: Laboratory,
) -> None:
    _poison(lab)
    assert user.alarm(lab, "transition") != "ALARM"
    assert user.ask(lab, "failover", "rehearsal", to="vpn", **{"for": "10s"})["ok"]
    moved = user.await_event(lab, "rehearsal", "manual", timeout_seconds=10)
    assert user.reference(lab, "rehearsal") == lab.world.attachments["vpn"]
    assert user.reference(lab, "on-premises") is None, "a rehearsal moves nobody's packets"
    assert (moved["from"], moved["to"], moved["asked"]["by"]) == ("dx", "vpn", "mia")
    user.await_alarm(lab, "transition")
    _await_end(user.status(lab, "rehearsal")["pin"])
    user.run_router(lab)
    back = user.await_event(lab, "rehearsal", "failback", timeout_seconds=70)
    assert user.moment(back["at"]) >= user.moment(moved["at"]) + REHEARSAL_FAILBACK_SECONDS
    assert user.reference(lab, "rehearsal") is None
    assert [event["kind"] for event in user.history(lab, "rehearsal")] == ["manual", "failback"]


def test_a_poison_record_ends_in_the_dead_letter_queue_and_raises_an_alarm(lab: Laboratory) -> None:
    _poison(lab)
    sqs, queue = lab.aws.client("sqs"), lab.deployment.resources["StreamDeadLetters"]
    asked = {"QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages"]}
    wait_for(lambda: int(sqs.get_queue_attributes(**asked)["Attributes"]["ApproximateNumberOfMessages"]), 60, "letter")
    user.await_alarm(lab, "dead-stream-records", 60)


def test_a_line_that_is_gone_for_a_second_moves_nothing(lab: Laboratory) -> None:
    before = user.history(lab, "idc")
    lab.network.dx.cut()
    time.sleep(1.0)
    lab.network.dx.mend()
    user.holds_for(lambda: user.reference(lab, "on-premises") is None, "no reference", 4)
    assert user.history(lab, "idc") == before


def _poison(lab: Laboratory) -> None:
    """A health item that nobody can read, as a defect or a curious hand may leave it; it stays there."""
    item = {"pk": {"S": "HEALTH#a"}, "sk": {"S": "nonsense"}, "health": {"S": "SPLENDID"}}
    lab.aws.client("dynamodb").put_item(TableName=lab.deployment.outputs["TableName"], Item=item)


def _await_end(hold: dict[str, Any]) -> None:
    time.sleep(max(0.0, user.moment(hold["until"]) - time.time()) + 0.1)

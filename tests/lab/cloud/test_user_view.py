from __future__ import annotations

import json
from typing import Any

import pytest

from lab.cloud.user_view import Inbox, Message, wait_for


class Queues:
    """SQS with two messages in each queue, one receipt at a time."""

    def __init__(self, *bodies: dict[str, Any]) -> None:
        self.left = [{"Body": json.dumps(body), "ReceiptHandle": str(n)} for n, body in enumerate(bodies)]
        self.deleted: list[str] = []

    def receive_message(self, **_: Any) -> dict[str, Any]:
        return {"Messages": [self.left.pop(0)]} if self.left else {}

    def delete_message(self, *, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803 - as boto3 has it
        self.deleted.append(ReceiptHandle)


def test_an_inbox_keeps_messages_in_their_order_and_takes_them_off_the_queue() -> None:
    sqs = Queues({"Subject": "one", "Message": "first"}, {"Message": "second"})
    inbox = Inbox(sqs, "messages", "events")
    assert inbox.messages() == [Message("one", "first"), Message("", "second")]
    assert inbox.messages() == [Message("one", "first"), Message("", "second")]
    assert sqs.deleted == ["0", "1"]


def test_an_alarms_message_is_told_from_a_readable_one() -> None:
    assert Message("ALARM: x", '{"AlarmName": "x", "NewStateValue": "ALARM"}').alarm == {
        "AlarmName": "x",
        "NewStateValue": "ALARM",
    }
    assert Message("Failover", "dx to vpn").alarm is None
    assert Message("Numbers", "[1]").alarm is None


def test_waiting_ends_with_the_first_answer_that_counts() -> None:
    answers = iter([None, [], ["x"]])
    assert wait_for(lambda: next(answers), 5, "an answer") == ["x"]


def test_waiting_in_vain_says_for_what_and_what_was_seen() -> None:
    with pytest.raises(TimeoutError, match=r"a miracle: not within 0 s; the last look showed \[\]"):
        wait_for(list, 0, "a miracle")

"""What a user of the deployment has: messages, events, alarms, logs, and functions to invoke."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from lab.cloud.local_aws import LocalAws

LOOK_EVERY_SECONDS: Final = 0.2
T = TypeVar("T")


class InvocationFailedError(RuntimeError):
    """A function ended with an error; the message is its own."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the topic's subscribers get it."""

    subject: str
    text: str

    @property
    def alarm(self) -> dict[str, Any] | None:
        """The alarm's own JSON, where CloudWatch sent the message."""
        with contextlib.suppress(json.JSONDecodeError):
            document = json.loads(self.text)
            if isinstance(document, dict) and "AlarmName" in document:
                return document
        return None


@dataclass(slots=True)
class Inbox:
    """A subscriber to the topic and to the deployment's events; keeps everything that it has received."""

    _sqs: Any
    _message_queue: str
    _event_queue: str
    _messages: list[Message] = field(default_factory=list)
    _events: list[dict[str, Any]] = field(default_factory=list)

    def messages(self) -> list[Message]:
        """Every message so far, in the order of arrival."""
        for body in self._receive(self._message_queue):
            self._messages.append(Message(body.get("Subject") or "", body["Message"]))
        return list(self._messages)

    def events(self) -> list[dict[str, Any]]:
        """Every EventBridge event so far, in the order of arrival."""
        self._events.extend(self._receive(self._event_queue))
        return list(self._events)

    def _receive(self, queue: str) -> Iterator[dict[str, Any]]:
        while received := self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in received:
                yield json.loads(message["Body"])
                self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def open_inbox(aws: LocalAws, topic_arn: str, *event_sources: str) -> Inbox:
    """Subscribe to a topic and to all events of the given sources."""
    sqs, events = aws.client("sqs"), aws.client("events")
    messages, messages_arn = _queue(sqs, "lab-inbox-messages")
    event_queue, event_queue_arn = _queue(sqs, "lab-inbox-events")
    aws.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=messages_arn)
    if event_sources:
        events.put_rule(Name="lab-inbox", EventPattern=json.dumps({"source": list(event_sources)}))
        events.put_targets(Rule="lab-inbox", Targets=[{"Id": "inbox", "Arn": event_queue_arn}])
    return Inbox(sqs, messages, event_queue)


def _queue(sqs: Any, name: str) -> tuple[str, str]:
    """A queue that a topic and an event rule may send to: its URL and its ARN."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    senders = {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}
    statement = {"Effect": "Allow", "Principal": senders, "Action": "sqs:SendMessage", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    return url, arn


def alarm_states(aws: LocalAws, prefix: str = "") -> dict[str, str]:
    """OK, ALARM or INSUFFICIENT_DATA by the name of each alarm that begins with `prefix`."""
    pages = aws.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = (alarm for page in pages for alarm in page["MetricAlarms"])
    return {a["AlarmName"]: a["StateValue"] for a in alarms if a["AlarmName"].startswith(prefix)}


def invoke(aws: LocalAws, function: str, payload: Any = None) -> Any:
    """Invoke a function with a JSON payload and wait for its JSON answer.

    Raises InvocationFailedError where the function ended with an error.
    """
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload or {}).encode())
    body = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        raise InvocationFailedError(f"{function}: {body}")
    return body


def start(aws: LocalAws, function: str, payload: Any = None) -> None:
    """Invoke a function without waiting for it, as a schedule does."""
    aws.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps(payload or {}).encode()
    )


def logs(aws: LocalAws, function: str) -> list[str]:
    """What a function has logged, in order; a running invocation's output is there once it ends."""
    configuration = aws.client("lambda").get_function_configuration(FunctionName=function)
    group = configuration.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function}"
    try:
        pages = aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]
    except ClientError as err:
        if err.response["Error"]["Code"] == "ResourceNotFoundException":
            return []
        raise


def wait_for(look: Callable[[], T], timeout_seconds: float, what: str) -> T:
    """The first answer of `look` that counts as true.

    Raises TimeoutError, saying `what` was waited for and what the last look showed.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout_seconds:g} s; the last look showed {seen!r}")
        time.sleep(LOOK_EVERY_SECONDS)

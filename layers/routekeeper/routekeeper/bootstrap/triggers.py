"""What woke a function, and the answer that its trigger understands."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from routekeeper.config.problems import describe
from routekeeper.domain.errors import ItemError
from routekeeper.store.stream import changed
from routekeeper.telemetry import json_form

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

LOG = logging.getLogger("routekeeper")

TICK_SECONDS: Final = 60.0


def unique_name(context: LambdaContext) -> str:
    """A name for this invocation alone.

    The request ID is not unique: an event that is delivered twice keeps it ("Asynchronous invocation", AWS Lambda
    Developer Guide). Two invocations of one name would both take a lease, or a group's routes, for theirs.
    """
    return f"{context.aws_request_id}/{uuid4().hex}"


def deadline(context: LambdaContext) -> float:
    """When Lambda ends this invocation, in epoch seconds."""
    return time.time() + context.get_remaining_time_in_millis() / 1000


def objection(event: object) -> str | None:
    """Why the event is none that a trigger or a person can send, in words; None if it can be handled.

    Lambda hands over any JSON that somebody invokes the function with, `null` as well.
    """
    if not isinstance(event, dict):
        found = f"found {describe(event)}, expected an object"
    elif "Records" in event and not _are_objects(records := event["Records"]):
        odd = (
            next((one for one in records if not isinstance(one, dict)), None) if isinstance(records, list) else records
        )
        found = f"Records: found {describe(odd)}, expected a list of objects"
    else:
        return None
    return f"{found}; invoke with {{}} to start a pass"


def _are_objects(records: object) -> bool:
    return isinstance(records, list) and all(isinstance(one, dict) for one in records)


def refuse(objection: str) -> dict[str, Any]:
    """The answer to an event that cannot be handled. It is no error: another try would fare no better."""
    LOG.warning("event refused", extra={"error": objection})
    return {"error": objection}


def is_tick(event: Mapping[str, Any]) -> bool:
    """Whether the minute's schedule has invoked the function ("Scheduled Event", Amazon EventBridge user guide)."""
    return event.get("detail-type") == "Scheduled Event"


def is_stale_tick(event: Mapping[str, Any], now: float) -> bool:
    """Whether it is the tick of a minute that is over. Lambda repeats a tick that has failed, but the next one is here.

    `now` is in epoch seconds. EventBridge's `time` is that of the tick ("Scheduled Event", Amazon EventBridge user
    guide).
    """
    if not is_tick(event):
        return False
    try:
        at = datetime.fromisoformat(event["time"])
    except (KeyError, TypeError, ValueError):
        return False
    return at.tzinfo is not None and now - at.timestamp() > TICK_SECONDS


def answer(event: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """The report and, for the table's stream, the first record that cannot be read.

    A function reads the table and not the record, so a poison record stops nothing. It is only handed back, and ends
    in the dead-letter queue after the mapping's few tries ("Process Amazon DynamoDB records with Lambda", partial
    batch responses).
    """
    # An invocation whose answer Lambda cannot serialise counts as failed.
    plain: dict[str, Any] = json.loads(json_form.dumps(report))
    if "Records" not in event:
        return plain
    poison = next(filter(None, map(_poison, event["Records"])), None)
    return {**plain, "batchItemFailures": [] if poison is None else [{"itemIdentifier": poison}]}


def _poison(record: Mapping[str, Any]) -> str | None:
    try:
        changed(record)
    except ItemError as error:
        LOG.warning("poison record", extra={"event_id": record.get("eventID"), "error": str(error)})
        change = record.get("dynamodb")
        return str(change.get("SequenceNumber", "")) if isinstance(change, dict) else ""
    return None

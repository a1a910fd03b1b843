"""Condition keys that policies of routekeeper's kind rest on and that MiniStack's IAM does not know.

`dynamodb:LeadingKeys` and `events:source`: see "Actions, resources, and condition keys" for Amazon DynamoDB and for
Amazon EventBridge in the Service Authorization Reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

NOT_NESTED = ("Item", "Key", "Keys", "ExpressionAttributeNames", "ExpressionAttributeValues", "Expected")
EQUALITY = re.compile(r"(#?\w+)\s*=\s*(:\w+)")


def event_source(body: Mapping[str, Any]) -> str | list[str]:
    """The source that a PutEvents request names; all of them where there are several."""
    sources = sorted({entry["Source"] for entry in body.get("Entries", []) if "Source" in entry})
    return sources[0] if len(sources) == 1 else sources


def leading_keys(body: Mapping[str, Any], partition_key: str) -> list[str]:
    """The values of the partition key that a DynamoDB request names, of one table or of a batch alike."""
    return sorted({str(next(iter(value.values()))) for value in _partition_values(body, partition_key)})


def _partition_values(body: Any, partition_key: str) -> Iterator[Mapping[str, Any]]:
    """Typed values (such as {"S": "x"}) in items, keys and key conditions, however deep a batch nests them."""
    if isinstance(body, list):
        for part in body:
            yield from _partition_values(part, partition_key)
    elif isinstance(body, dict):
        items = [body.get("Item"), body.get("Key"), *body.get("Keys", [])]
        yield from (item[partition_key] for item in items if item and partition_key in item)
        yield from _conditioned(body, partition_key)
        for name, part in body.items():
            if name not in NOT_NESTED:
                yield from _partition_values(part, partition_key)


def _conditioned(body: Mapping[str, Any], partition_key: str) -> Iterator[Mapping[str, Any]]:
    names = body.get("ExpressionAttributeNames", {})
    for name, value in EQUALITY.findall(body.get("KeyConditionExpression", "")):
        if names.get(name, name) == partition_key:
            yield body["ExpressionAttributeValues"][value]


def install(iam_actions: Any, dynamodb: Any) -> None:
    """Add the keys to the context in which MiniStack evaluates policies."""
    original = iam_actions.request_tag_context

    def context(service: str, action: str, raw: bytes, parameters: Any) -> dict[str, Any]:
        known = dict(original(service, action, raw, parameters))
        if action == "events:PutEvents":
            known["events:source"] = event_source(json.loads(raw))
        elif service == "dynamodb" and raw:
            body = json.loads(raw)
            if keys := leading_keys(body, _partition_key(dynamodb, body)):
                known["dynamodb:LeadingKeys"] = keys
        return known

    iam_actions.request_tag_context = context


def _partition_key(dynamodb: Any, body: Mapping[str, Any]) -> str:
    """The partition key of the request's table; a batch is taken to name tables of one kind."""
    batch = body.get("RequestItems") or {}
    operations = [next(iter(item.values())) for item in body.get("TransactItems") or []]
    name = body.get("TableName") or next(iter(batch), "") or next((o["TableName"] for o in operations), "")
    table = dynamodb._tables.get(name.rpartition("/")[2]) or {}
    schema = table.get("KeySchema") or []
    return next((key["AttributeName"] for key in schema if key["KeyType"] == "HASH"), "")

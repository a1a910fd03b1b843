from __future__ import annotations

from typing import Any

import pytest

from lab.cloud.ministack.condition_keys import event_source, leading_keys

KEY = {"pk": {"S": "A"}, "sk": {"S": "1"}}
OTHER = {"pk": {"S": "B"}, "sk": {"S": "1"}}


@pytest.mark.parametrize(
    ("request_body", "keys"),
    [
        ({"TableName": "t", "Item": {**KEY, "pk2": {"S": "Z"}}}, ["A"]),
        ({"TableName": "t", "Key": KEY, "ExpressionAttributeValues": {":x": {"S": "Z"}}}, ["A"]),
        (
            {
                "KeyConditionExpression": "#p = :p AND begins_with(sk, :s)",
                "ExpressionAttributeNames": {"#p": "pk"},
                "ExpressionAttributeValues": {":p": {"S": "A"}, ":s": {"S": "1"}},
            },
            ["A"],
        ),
        ({"TransactItems": [{"Put": {"Item": KEY}}, {"Delete": {"Key": OTHER}}]}, ["A", "B"]),
        ({"RequestItems": {"t": [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": OTHER}}]}}, ["A", "B"]),
        ({"RequestItems": {"t": {"Keys": [KEY, OTHER]}}}, ["A", "B"]),
        ({"TableName": "t"}, []),
    ],
)
def test_leading_keys_are_the_partition_keys_that_a_request_names(
    request_body: dict[str, Any], keys: list[str]
) -> None:
    assert leading_keys(request_body, "pk") == keys


def test_a_request_of_one_source_has_one_source() -> None:
    assert event_source({"Entries": [{"Source": "a"}, {"Source": "a"}]}) == "a"
    assert event_source({"Entries": [{"Source": "b"}, {"Source": "a"}]}) == ["a", "b"]

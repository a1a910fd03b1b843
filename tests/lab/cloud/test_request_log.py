"""Request units as the DynamoDB developer guide counts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lab.cloud.ministack.request_log import units


def size(item: Mapping[str, Any]) -> int:
    return int(item["size"])


@pytest.mark.parametrize(
    ("action", "request_", "answer", "expected"),
    [
        ("GetItem", {"ConsistentRead": True}, {"Item": {"size": 4096}}, (1.0, 0.0)),
        ("GetItem", {"ConsistentRead": True}, {"Item": {"size": 4097}}, (2.0, 0.0)),
        ("GetItem", {}, {}, (0.5, 0.0)),
        ("Query", {"ConsistentRead": True}, {"Items": [{"size": 3000}, {"size": 3000}]}, (2.0, 0.0)),
        ("PutItem", {"Item": {"size": 1025}}, {}, (0.0, 2.0)),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"Item": {"size": 10}}}, {"Update": {}}]}, {}, (0.0, 4.0)),
        ("DescribeTable", {}, {}, (0.0, 0.0)),
    ],
)
def test_units(action: str, request_: Any, answer: Any, expected: tuple[float, float]) -> None:
    assert units(action, request_, answer, size) == expected

"""AWS clients that give up soon: others wait behind every call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

import boto3
from botocore.config import Config

from routekeeper.store.dynamodb import DynamoDbStore

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient

IMPATIENT: Final = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=32,
)


def store(function: str, table: str) -> DynamoDbStore:
    """The table, written to in the function's name: the stream's filters tell intents of operators by it."""
    client = boto3.client("dynamodb", config=IMPATIENT)
    return DynamoDbStore(client, table, writer=f"{function}/{uuid4().hex}")


def ec2() -> EC2Client:
    return boto3.client("ec2", config=IMPATIENT)


def sns() -> SNSClient:
    return boto3.client("sns", config=IMPATIENT)


def events() -> EventBridgeClient:
    return boto3.client("events", config=IMPATIENT)

"""AWS clients that give up soon: others wait behind every call.

They are made for a quick start (docs/benchmarks.md, "Start"). botocore itself makes them, because boto3 would bring
S3's transfer manager along. The descriptions of the services hold only the calls made here (trim_models.py).

Why: docs/decisions/cut-service-models.md
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

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
BRIEF: Final = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 1})
"""For telling people. That is tried again with every pass, and nothing may wait for it."""

MODELS: Final = Path(__file__).parent.parent / "models"
"""The layer's build writes them here. Without them botocore's own are used."""


class Clients:
    """All clients of a container, over one session: endpoints and credentials are looked up once."""

    def __init__(self, models: Path = MODELS) -> None:
        self._session = botocore.session.get_session()
        if models.is_dir():
            # Ours come first. The rest (how endpoints are found, what is retried) is the runtime's own.
            self._session.register_component("data_loader", _Described(models))

    def store(self, function: str, table: str, vantages: Sequence[str]) -> DynamoDbStore:
        """The table. Writes carry the function's name, by which the stream's filters know who wrote."""
        writer = f"{function}/{uuid4().hex}"
        return DynamoDbStore(
            self._client("dynamodb", IMPATIENT), table, clock=time.time, writer=writer, vantages=vantages
        )

    def ec2(self) -> EC2Client:
        """Without retries: router and restarter repeat calls by themselves, at a pace that suits all of them."""
        once = Config(retries={"mode": "standard", "total_max_attempts": 1})
        client: EC2Client = self._client("ec2", IMPATIENT.merge(once))
        return client

    def sns(self) -> SNSClient:
        client: SNSClient = self._client("sns", BRIEF)
        return client

    def events(self) -> EventBridgeClient:
        client: EventBridgeClient = self._client("events", BRIEF)
        return client

    def _client(self, service: str, settings: Config) -> Any:
        return self._session.create_client(service, config=settings)


class _Described(Loader):
    """Knows the services that are described in `models`. botocore's own looks into a directory for each of AWS's."""

    def __init__(self, models: Path) -> None:
        super().__init__(extra_search_paths=[str(models)])
        self._models = models

    def list_available_services(self, type_name: str) -> list[str]:
        return sorted(path.name for path in self._models.iterdir() if any(path.glob(f"*/{type_name}.json")))

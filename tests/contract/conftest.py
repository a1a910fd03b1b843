"""The same tests over every table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from lab.cloud.local_aws import LocalAws
from tests.contract.benches import Bench, DynamoDbBench, MemoryBench, moto_bench, running_local_aws

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with running_local_aws(tmp_path_factory.mktemp("local-aws")) as running:
        yield running


@pytest.fixture(params=["memory", "moto", pytest.param("local-aws", marks=pytest.mark.local_aws)])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """An empty table."""
    match request.param:
        case "memory":
            yield MemoryBench()
        case "moto":
            with moto_bench() as bench:
                yield bench
        case _:
            client = request.getfixturevalue("aws").client("dynamodb")
            yield DynamoDbBench(client, f"routekeeper-{next(_numbers)}")

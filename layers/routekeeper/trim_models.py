"""Writes botocore's descriptions of the services, cut down to the calls that the functions make.

    python trim_models.py DIRECTORY

EC2's description alone has hundreds of operations, and reading all of it takes most of a cold start. The functions need
a few (`OPERATIONS`). What is written has the form in which botocore's loader finds it in its own data directory. The
rules for endpoints and retries stay those of the runtime's botocore, because its code and these data have to be of one
version.

Why: docs/decisions/cut-service-models.md
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

OPERATIONS: Final = {
    "dynamodb": ("GetItem", "PutItem", "Query", "TransactWriteItems"),
    "ec2": (
        "CreateRoute",
        "CreateTransitGatewayPrefixListReference",
        "DeleteTransitGatewayPrefixListReference",
        "DescribeInstances",
        "DescribeRouteTables",
        "GetManagedPrefixListEntries",
        "GetTransitGatewayPrefixListReferences",
        "ModifyTransitGatewayPrefixListReference",
        "ReplaceRoute",
        "SearchTransitGatewayRoutes",
        "StartInstances",
        "StopInstances",
    ),
    "events": ("PutEvents",),
    "sns": ("Publish",),
}
"""What the functions call. A test compares it with their roles."""
_DOCUMENTATION: Final = frozenset({"documentation", "documentationUrl"})


def write(directory: Path) -> None:
    """Write the services' calls and paginators. Raises KeyError for an operation that does not exist."""
    loader = Loader()
    for service, operations in OPERATIONS.items():
        place = directory / service / loader.determine_latest_version(service, "service-2")
        place.mkdir(parents=True, exist_ok=True)
        _write(place / "service-2.json", _cut(loader.load_service_model(service, "service-2"), operations))
        _write(place / "paginators-1.json", {"pagination": dict(_paginators(loader, service, operations))})
    # The old list of endpoints, which rules have replaced. Its form has not changed for ten years. It is long, and is
    # read for every client.
    endpoints = loader.load_data("endpoints")
    for partition in endpoints["partitions"]:
        partition["services"] = {name: one for name, one in partition["services"].items() if name in OPERATIONS}
    _write(directory / "endpoints.json", endpoints)


def _cut(model: Mapping[str, Any], operations: tuple[str, ...]) -> Any:
    kept = {name: model["operations"][name] for name in operations}
    shapes = {name: model["shapes"][name] for name in sorted(_needed(kept, model["shapes"]))}
    return _without_documentation({**model, "operations": kept, "shapes": shapes})


def _needed(operations: Mapping[str, Any], shapes: Mapping[str, Any]) -> set[str]:
    """The shapes that the operations mention, and those that these mention."""
    found: set[str] = set()
    waiting = list(_mentioned(operations))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _mentioned(shapes[name])
    return found


def _mentioned(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        name = part.get("shape")
        if isinstance(name, str):
            yield name
        for value in part.values():
            yield from _mentioned(value)
    elif isinstance(part, list):
        for value in part:
            yield from _mentioned(value)


def _without_documentation(part: object) -> object:
    if isinstance(part, Mapping):
        told = (key for key, value in part.items() if key in _DOCUMENTATION and isinstance(value, str))
        left_out = frozenset(told)
        return {key: _without_documentation(value) for key, value in part.items() if key not in left_out}
    return [_without_documentation(value) for value in part] if isinstance(part, list) else part


def _paginators(loader: Loader, service: str, operations: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    try:
        known = loader.load_service_model(service, "paginators-1")["pagination"]
    except UnknownServiceError:
        return
    yield from ((name, one) for name, one in known.items() if name in operations)


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))

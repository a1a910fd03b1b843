"""Every DynamoDB request of the functions, with the request units that AWS would bill, line by line in a file.

Source: "DynamoDB on-demand capacity mode: read request units and write request units" in the Amazon DynamoDB developer
guide. A write is charged for the item it writes; what is replaced is taken to be of the same size.
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from lab.cloud.ministack.condition_keys import leading_keys

READ_UNIT_BYTES: Final = 4096
WRITE_UNIT_BYTES: Final = 1024
_CREDENTIAL: Final = re.compile(r"Credential=([^/]+)/")
Size = Callable[[Mapping[str, Any]], int]


def units(action: str, request: Mapping[str, Any], answer: Mapping[str, Any], size: Size) -> tuple[float, float]:
    """Read and write request units of one request."""
    match action:
        case "GetItem":
            found = [answer["Item"]] if "Item" in answer else []
            return _read(sum(map(size, found)), consistent=request.get("ConsistentRead", False)), 0.0
        case "Query" | "Scan":
            found = answer.get("Items", [])
            return _read(sum(map(size, found)), consistent=request.get("ConsistentRead", False)), 0.0
        case "PutItem":
            return 0.0, _written(size(request["Item"]))
        case "UpdateItem" | "DeleteItem":
            return 0.0, 1.0
        case "TransactWriteItems":
            puts = [item["Put"]["Item"] for item in request["TransactItems"] if "Put" in item]
            others = len(request["TransactItems"]) - len(puts)
            return 0.0, 2 * (sum(_written(size(item)) for item in puts) + others)
        case _:
            return 0.0, 0.0


def install(dynamodb: Any, evaluator: Any, account: str, file: Path) -> None:
    """Note every request whose caller is a function."""
    handle = dynamodb.handle_request
    lock = threading.Lock()
    file.write_text("")

    async def noted(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        answered = await handle(method, path, headers, body, query)
        function = _caller(evaluator, account, headers)
        if function:
            entry = _entry(headers, body, answered, dynamodb._item_size_bytes)
            with lock, file.open("a", encoding="utf-8") as out:
                out.write(json.dumps({"at": time.time(), "function": function, **entry}) + "\n")
        return answered

    dynamodb.handle_request = noted


def _entry(headers: Any, body: bytes, answered: Any, size: Size) -> dict[str, Any]:
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    request, answer = json.loads(body or b"{}"), json.loads(answered[2] or b"{}")
    reads, writes = units(action, request, answer, size)
    keys = ",".join(leading_keys(request, "pk"))
    return {"action": action, "pk": keys, "read_units": reads, "write_units": writes, "status": answered[0]}


def _caller(evaluator: Any, account: str, headers: Any) -> str:
    """The function's name; empty for the laboratory itself."""
    found = _CREDENTIAL.search(headers.get("authorization", ""))
    principal = evaluator.resolve_principal(found.group(1), account) if found else None
    if principal is None or not getattr(principal, "policies", None):
        return ""
    return str(principal.arn.rpartition("/")[2])


def _read(size: int, *, consistent: bool) -> float:
    return max(1, math.ceil(size / READ_UNIT_BYTES)) * (1.0 if consistent else 0.5)


def _written(size: int) -> float:
    return float(max(1, math.ceil(size / WRITE_UNIT_BYTES)))

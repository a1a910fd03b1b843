"""Paths of the laboratory's own on MiniStack's port: a JSON question, a JSON answer, as the account's root."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


def serve(app: Any, responses: Any, account: str, region: str, path: str, answer: Callable[[Any], Any]) -> None:
    """Let `answer` speak for a path before MiniStack sees the request."""
    original: Asgi = app.app

    async def with_path(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != path:
            await original(scope, receive, send)
            return
        responses.set_request_account_id(account)
        responses.set_request_region(region)
        body = json.dumps(answer(json.loads(await _body(receive)))).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    app.app = with_path


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body

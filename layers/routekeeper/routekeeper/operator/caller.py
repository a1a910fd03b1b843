"""The caller of the function, as far as Lambda says.

A direct invocation carries no IAM identity: the mobile SDK or the caller sets `identity` and `client_context` (AWS
Lambda Developer Guide, "Using the Lambda context object to retrieve Python function information"). If you need proof,
CloudTrail's data events of the function name the principal beside the request ID that is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LONGEST_IDENTITY: Final = 200


@dataclass(frozen=True, slots=True)
class Caller:
    name: str | None = None
    """The caller's own name in the client context (`custom.by`), unchecked. It stands in for a missing `by`."""
    identity: str | None = None
    """Where the request came from: the Cognito identity, if there is one, and the request ID for CloudTrail."""


NOBODY = Caller()


def caller_of(context: object) -> Caller:
    """The caller as the Lambda context shows it. Anything may be missing, and nothing is proven."""
    client = getattr(context, "client_context", None)
    custom = getattr(client, "custom", None)
    name = custom.get("by") if isinstance(custom, dict) else None
    cognito = getattr(getattr(context, "identity", None), "cognito_identity_id", None)
    request = getattr(context, "aws_request_id", None)
    known = (("cognito", cognito), ("request", request))
    parts = [f"{kind} {value}" for kind, value in known if _is_plain(value)]
    return Caller(
        name=name.strip() if isinstance(name, str) and name.strip() else None,
        identity=", ".join(parts) or None,
    )


def _is_plain(value: object) -> bool:
    """Whether it is a name that can stand in a line of a message. AWS's own always are."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_IDENTITY and value.isprintable()

"""EC2's refusals and silences as errors of our own, translated where a call is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    ReadTimeoutError,
)
from botocore.exceptions import (
    ConnectionError as ConnectionFailed,
)
from botocore.parsers import ResponseParserError

from routekeeper.domain.errors import Ec2Error

TIMEOUT: Final = "Timeout"
"""Our own code: no answer in time, so that nobody knows whether the call took effect."""
UNREACHABLE: Final = "Unreachable"
"""Our own code: the endpoint could not be talked to."""


class Trouble(Enum):
    """What kind of trouble an error is, coarse enough to count by."""

    THROTTLED = "throttled"
    DENIED = "denied"
    MISSING = "missing"
    """What the call named does not exist."""
    UNANSWERED = "unanswered"
    CHANGING = "changing"
    """What the call named is still being changed, so that it takes no other change yet."""
    OTHER = "other"


# "Error codes for the Amazon EC2 API", Amazon EC2 developer guide.
_BY_CODE: Final = {
    "RequestLimitExceeded": Trouble.THROTTLED,
    "Throttling": Trouble.THROTTLED,
    "ThrottlingException": Trouble.THROTTLED,
    "UnauthorizedOperation": Trouble.DENIED,
    "AuthFailure": Trouble.DENIED,
    "AccessDenied": Trouble.DENIED,
    "Blocked": Trouble.DENIED,
    "OptInRequired": Trouble.DENIED,
    "IncorrectState": Trouble.CHANGING,
    "RequestTimeout": Trouble.UNANSWERED,
    TIMEOUT: Trouble.UNANSWERED,
    UNREACHABLE: Trouble.UNANSWERED,
    "Unavailable": Trouble.UNANSWERED,
    "ServiceUnavailable": Trouble.UNANSWERED,
    "InternalError": Trouble.UNANSWERED,
}


def trouble(code: str) -> Trouble:
    """The kind of trouble that an `Ec2Error.code` stands for."""
    if code.endswith(".NotFound"):
        return Trouble.MISSING
    return _BY_CODE.get(code, Trouble.OTHER)


def is_temporary(code: str) -> bool:
    """Whether the same call may well succeed a moment later."""
    return trouble(code) in (Trouble.THROTTLED, Trouble.UNANSWERED, Trouble.CHANGING)


@contextmanager
def translated(operation: str, resource: str) -> Iterator[None]:
    """Turn whatever botocore raises inside into an error that names the operation and the resource.

    Raises:
        Ec2Error: with EC2's own code; with `Timeout` or `Unreachable`; else with the name of botocore's error.
    """
    try:
        yield
    except ClientError as err:
        code = err.response.get("Error", {}).get("Code", "Unknown")
        told = err.response.get("Error", {}).get("Message", "no message")
        raise Ec2Error(f"{operation} on {resource} was refused: {code}: {told}", code) from err
    except (ConnectTimeoutError, ReadTimeoutError) as err:
        raise Ec2Error(f"{operation} on {resource} was not answered in time: {err}", TIMEOUT) from err
    except (ConnectionFailed, HTTPClientError) as err:
        raise Ec2Error(f"{operation} on {resource} did not reach EC2: {err}", UNREACHABLE) from err
    except (BotoCoreError, ResponseParserError) as err:
        raise Ec2Error(f"{operation} on {resource} failed: {err}", type(err).__name__) from err

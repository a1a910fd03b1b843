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
from routekeeper.domain.quoting import short
from routekeeper.domain.refusal import About, Refusal

TIMEOUT: Final = "Timeout"
"""Our own code: there was no answer in time, so nobody knows whether the call took effect."""
UNREACHABLE: Final = "Unreachable"
"""Our own code: the endpoint could not be reached."""
UNREADABLE: Final = "Unreadable"
"""Our own code: the route could not be read, so nobody changes it."""
MISREAD: Final = "ReadBackOtherwise"
"""Our own code: EC2 took the change, and the route was read back as something else."""
OUTRANKED: Final = "Outranked"
"""Our own code: the route is as wanted, and traffic does not follow it, because another route outranks it."""
INCOMPLETE: Final = "Incomplete"
"""Our own code: some of several routes were not changed."""
UNKNOWN_STATE: Final = "UnknownState"
"""Our own code: EC2 told a state of an instance that does not exist in its API reference."""
LONGEST_WORDS: Final = 300
"""Characters of somebody else's words in a message. A refusal may carry 1.4 KB of an encoded authorization failure, and
every route of a group may be refused; all of that stands in one item."""


class Trouble(Enum):
    """What kind of trouble an error is, coarse enough to count by."""

    THROTTLED = "throttled"
    DENIED = "denied"
    MISSING = "missing"
    """What the call named does not exist. `about` says what that was."""
    UNANSWERED = "unanswered"
    CHANGING = "changing"
    """What the call named is still being changed and takes no other change yet."""
    FULL = "full"
    """EC2 has no capacity for it, which comes and goes."""
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
    "IncorrectInstanceState": Trouble.CHANGING,
    "InsufficientInstanceCapacity": Trouble.FULL,
    "InsufficientHostCapacity": Trouble.FULL,
    "InsufficientCapacityOnHost": Trouble.FULL,
    "InsufficientCapacity": Trouble.FULL,
    "RequestTimeout": Trouble.UNANSWERED,
    TIMEOUT: Trouble.UNANSWERED,
    UNREACHABLE: Trouble.UNANSWERED,
    "Unavailable": Trouble.UNANSWERED,
    "ServiceUnavailable": Trouble.UNANSWERED,
    "InternalError": Trouble.UNANSWERED,
}
_NEXT_HOPS: Final = (
    "invalidinstanceid", "invalidnetworkinterface", "invalidnatgatewayid", "natgateway", "invalidgatewayid",
    "invalidvpngatewayid", "invalidtransitgatewayid", "invalidtransitgatewayattachment", "invalidattachment",
    "invalidvpcendpoint", "incorrectinstancestate",
)  # fmt: skip
"""How codes begin that are about a route's next hop: it is gone, or has several interfaces. They are in lower case,
because EC2 writes some of them as `...ID` in one place and as `...Id` in another."""
_ROUTES: Final = (
    "invalidroute", "routealreadyexists", "routelimitexceeded", "routenotsupported", "invalidtransitgatewayroutetable",
    "invalidprefixlist", "unauthorizedoperation",
)  # fmt: skip
"""How codes begin that are about the route itself: its table, its prefix list, a quota, or the permission."""


def trouble(code: str) -> Trouble:
    """The kind of trouble that an `Ec2Error.code` stands for."""
    if code.endswith(".NotFound"):
        return Trouble.MISSING
    return _BY_CODE.get(code, Trouble.OTHER)


def about(code: str) -> About:
    """What a code of EC2's is about, as far as the code alone tells."""
    plain = code.lower()
    if plain.startswith(_NEXT_HOPS):
        return About.NEXT_HOP
    return About.ROUTE if plain.startswith(_ROUTES) else About.CALL


def is_temporary(code: str) -> bool:
    """Whether the same call may well succeed a moment later."""
    return trouble(code) in (Trouble.THROTTLED, Trouble.UNANSWERED, Trouble.CHANGING, Trouble.FULL)


def refused(message: str, code: str) -> Ec2Error:
    """EC2's refusal or silence as an error, sorted by its code."""
    return Ec2Error(message, code, about(code), final=not is_temporary(code))


def unreadable(words: str) -> Refusal:
    """Why a route cannot be read, and so cannot be changed, until somebody corrects it."""
    return Refusal(UNREADABLE, words, About.ROUTE, final=True)


def outranked(words: str) -> Refusal:
    """Why a route that was written does not count as changed, until somebody deletes what outranks it."""
    return Refusal(OUTRANKED, words, About.ROUTE, final=True)


def _foreign(words: object) -> str:
    return short(str(words), LONGEST_WORDS)


@contextmanager
def translated(operation: str, resource: str) -> Iterator[None]:
    """Turn whatever botocore raises inside into an error that names the operation and the resource.

    Raises:
        Ec2Error: with EC2's own code, with `Timeout` or `Unreachable`, or with the name of botocore's error.
    """
    try:
        yield
    except ClientError as err:
        code = err.response.get("Error", {}).get("Code", "Unknown")
        told = err.response.get("Error", {}).get("Message", "no message")
        raise refused(f"{operation} on {resource} was refused: {code}: {_foreign(told)}", code) from err
    except (ConnectTimeoutError, ReadTimeoutError) as err:
        raise refused(f"{operation} on {resource} was not answered in time: {_foreign(err)}", TIMEOUT) from err
    except (ConnectionFailed, HTTPClientError) as err:
        raise refused(f"{operation} on {resource} did not reach EC2: {_foreign(err)}", UNREACHABLE) from err
    except (BotoCoreError, ResponseParserError) as err:
        raise refused(f"{operation} on {resource} failed: {_foreign(err)}", type(err).__name__) from err

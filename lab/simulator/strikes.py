"""What may befall a single call of the application to an AWS service, and how each service's client then behaves.

Random trouble (`ec2.Faults`, `world.Chances`) strikes with a chance. This strikes one call that somebody has chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NoReturn

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from lab.simulator.nobody import nobody
from routekeeper.store.writes import Refused


class Failure(Enum):
    THROTTLED = "throttled"
    BROKEN = "5xx"
    UNANSWERED = "timed-out-after"
    """It has acted, and no answer comes."""
    UNREACHED = "timed-out-before"
    """It has not acted, and no answer comes."""
    DENIED = "denied"
    REFUSED = "refused"
    """For good: nothing that is tried again would fare better."""
    KILLED_BEFORE = "killed-before"
    """The function dies before the call."""
    KILLED_AFTER = "killed-after"
    """The function dies once the call has acted."""


DEADLY: Final = (Failure.KILLED_BEFORE, Failure.KILLED_AFTER)
ACTING: Final = (Failure.UNANSWERED, Failure.KILLED_AFTER)


@dataclass(frozen=True, slots=True)
class Service:
    """How a service refuses, and how long the application's client for it takes to give up (`bootstrap.clients`)."""

    name: str
    throttled: str
    broken: str
    denied: str
    refused: str
    refused_otherwise: Mapping[str, str] = field(default_factory=dict)
    """By operation, where another code fits better."""
    unanswered_seconds: float = 2.0
    unreached_seconds: float = 1.0
    refused_seconds: float = 0.1
    retried_seconds: float = 0.1
    """Until the client gives up what it takes for temporary."""

    def code(self, failure: Failure, operation: str) -> str | None:
        """The error code, where the failure comes with an answer."""
        match failure:
            case Failure.THROTTLED:
                return self.throttled
            case Failure.BROKEN:
                return self.broken
            case Failure.DENIED:
                return self.denied
            case Failure.REFUSED:
                return self.refused_otherwise.get(operation, self.refused)
            case _:
                return None


EC2: Final = Service(
    "ec2",
    "RequestLimitExceeded",
    "InternalError",
    "UnauthorizedOperation",
    "InvalidParameterValue",
    {
        "ReplaceRoute": "InvalidInstanceID",
        "CreateRoute": "InvalidInstanceID",
        "CreateTransitGatewayPrefixListReference": "InvalidTransitGatewayAttachmentID.NotFound",
        "ModifyTransitGatewayPrefixListReference": "InvalidTransitGatewayAttachmentID.NotFound",
        "DeleteTransitGatewayPrefixListReference": "InvalidRouteTableID.NotFound",
        "GetTransitGatewayPrefixListReferences": "InvalidRouteTableID.NotFound",
        "StopInstances": "UnsupportedOperation",
        "StartInstances": "UnsupportedOperation",
    },
    unanswered_seconds=7.0,
    unreached_seconds=2.0,
)
"""One attempt: 2 s to connect, 5 s to read. A deleted attachment is `NotFound`, an instance with several interfaces
`InvalidInstanceID`, and what a hibernating or an instance-store instance does not support `UnsupportedOperation`."""
TABLE: Final = Service(
    "dynamodb",
    "ProvisionedThroughputExceededException",
    "InternalServerError",
    "AccessDeniedException",
    "ValidationException",
    unanswered_seconds=16.5,
    unreached_seconds=7.5,
    retried_seconds=1.5,
)
"""Three attempts, with pauses of some 1.5 s in all. A failure is one of all three."""
TOPIC: Final = Service("sns", "Throttled", "InternalError", "AuthorizationError", "InvalidParameter")
BUS: Final = Service("events", "ThrottlingException", "InternalFailure", "AccessDeniedException", "InvalidArgument")
"""Both of them: one attempt, 1 s to connect, 2 s to read."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is about to be made."""

    function: str
    service: str
    operation: str

    def __str__(self) -> str:
        return f"{self.function} {self.service} {self.operation}"


Strike = Callable[[Call], Failure | None]
"""Asked about each call, in the order in which they are made: what befalls it, or None."""


@dataclass(frozen=True, slots=True)
class Blow:
    """What a failure makes of a call."""

    acts: bool
    seconds: float
    """How long the caller waits for it."""
    error: ClientError | ReadTimeoutError | ConnectTimeoutError | None
    """What the client raises; None where the function dies."""


def blow(failure: Failure, service: Service, operation: str) -> Blow:
    if failure in DEADLY:
        return Blow(failure in ACTING, 0.0, None)
    endpoint = f"https://{service.name}"
    if failure is Failure.UNANSWERED:
        return Blow(True, service.unanswered_seconds, ReadTimeoutError(endpoint_url=endpoint))
    if failure is Failure.UNREACHED:
        return Blow(False, service.unreached_seconds, ConnectTimeoutError(endpoint_url=endpoint))
    code = service.code(failure, operation)
    temporary = failure in (Failure.THROTTLED, Failure.BROKEN)
    error = ClientError({"Error": {"Code": str(code), "Message": "as the simulator has it"}}, operation)
    return Blow(False, service.retried_seconds if temporary else service.refused_seconds, error)


@dataclass(frozen=True, slots=True)
class Gate:
    """Where an invocation's calls to one service pass."""

    function: str
    service: Service
    strike: Strike
    pause: Callable[[float], None]
    die: Callable[[str], NoReturn]
    troubled: Callable[[tuple[str, ...]], None] = nobody
    """Told whom a failure concerns: groups and instances by name, `*` for all."""

    def enter(self, operation: str, act: Callable[[], Any], names: tuple[str, ...] = ()) -> None:
        """Return if nothing befalls the call. `act` is what it would do.

        Raises:
            ClientError, ReadTimeoutError, ConnectTimeoutError: what the service's client would raise.
            Killed: the function has died.
        """
        failure = self.strike(Call(self.function, self.service.name, operation))
        if failure is None:
            return
        what = blow(failure, self.service, operation)
        self.troubled(names)
        if what.acts:
            with suppress(ClientError, Refused):  # its own refusal is not heard either
                act()
        if what.error is None:
            self.die(f"{failure.value}: {operation}")
        self.pause(what.seconds)
        raise what.error

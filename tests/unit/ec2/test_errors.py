from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.refusal import About
from routekeeper.ec2.errors import Trouble, is_temporary, translated, trouble

URL = "https://ec2.eu-central-1.amazonaws.com"


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "ReplaceRoute")


@pytest.mark.parametrize(
    ("raised", "code", "kind"),
    [
        (refused("RequestLimitExceeded"), "RequestLimitExceeded", Trouble.THROTTLED),
        (refused("Throttling"), "Throttling", Trouble.THROTTLED),
        (refused("UnauthorizedOperation"), "UnauthorizedOperation", Trouble.DENIED),
        (refused("InvalidRouteTableID.NotFound"), "InvalidRouteTableID.NotFound", Trouble.MISSING),
        (refused("IncorrectState"), "IncorrectState", Trouble.CHANGING),
        (refused("RouteAlreadyExists"), "RouteAlreadyExists", Trouble.OTHER),
        (ClientError({}, "ReplaceRoute"), "Unknown", Trouble.OTHER),
        (ReadTimeoutError(endpoint_url=URL), "Timeout", Trouble.UNANSWERED),
        (ConnectTimeoutError(endpoint_url=URL), "Timeout", Trouble.UNANSWERED),
        (EndpointConnectionError(endpoint_url=URL), "Unreachable", Trouble.UNANSWERED),
        (NoCredentialsError(), "NoCredentialsError", Trouble.OTHER),
        (ParamValidationError(report="bad"), "ParamValidationError", Trouble.OTHER),
        (ResponseParserError("not XML"), "ResponseParserError", Trouble.OTHER),
    ],
)
def test_whatever_botocore_raises_becomes_one_error_that_names_operation_and_resource(
    raised: Exception, code: str, kind: Trouble
) -> None:
    with pytest.raises(Ec2Error, match=r"^ReplaceRoute on rtb-1 ") as caught, translated("ReplaceRoute", "rtb-1"):
        raise raised

    assert caught.value.code == code
    assert caught.value.__cause__ is raised
    assert trouble(code) is kind


@pytest.mark.parametrize(
    ("code", "temporary"),
    [("RequestLimitExceeded", True), ("Timeout", True), ("IncorrectState", True), ("UnauthorizedOperation", False)],
)
def test_only_what_may_well_succeed_a_moment_later_is_temporary(code: str, temporary: bool) -> None:
    assert is_temporary(code) is temporary


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("InvalidInstanceID.NotFound", About.NEXT_HOP),
        ("InvalidInstanceID", About.NEXT_HOP),  # several interfaces
        ("InvalidNetworkInterfaceID.NotFound", About.NEXT_HOP),
        ("NatGatewayNotFound", About.NEXT_HOP),
        ("InvalidGatewayID.NotFound", About.NEXT_HOP),
        ("InvalidTransitGatewayAttachmentID.NotFound", About.NEXT_HOP),
        ("InvalidVpcEndpointId.NotFound", About.NEXT_HOP),
        ("InvalidRouteTableID.NotFound", About.ROUTE),
        ("InvalidRouteTableId.NotFound", About.ROUTE),
        ("InvalidTransitGatewayRouteTableID.NotFound", About.ROUTE),
        ("InvalidPrefixListID.NotFound", About.ROUTE),
        ("RouteLimitExceeded", About.ROUTE),
        ("UnauthorizedOperation", About.ROUTE),
        ("RequestLimitExceeded", About.CALL),
        ("Timeout", About.CALL),
        ("InvalidParameterValue", About.CALL),
    ],
)
def test_a_refusal_says_whether_the_next_hop_or_the_route_is_at_fault(code: str, what: About) -> None:
    with pytest.raises(Ec2Error) as caught, translated("ReplaceRoute", "rtb-1"):
        raise refused(code)
    refusal = caught.value.refusal
    assert (refusal.code, refusal.about, refusal.final) == (code, what, not is_temporary(code))
    assert refusal.words == str(caught.value)

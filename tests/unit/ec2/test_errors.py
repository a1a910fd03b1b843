from __future__ import annotations

from dataclasses import replace

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
from routekeeper.domain.group_state import GroupState, RouteChange, Transition, TransitionKind
from routekeeper.domain.refusal import About
from routekeeper.ec2.errors import LONGEST_WORDS, Trouble, is_temporary, translated, trouble
from routekeeper.router.transitions import to_be_told
from routekeeper.store import items
from routekeeper.store.attributes import ITEM_BYTES, size

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
    [
        ("RequestLimitExceeded", True),
        ("Timeout", True),
        ("IncorrectState", True),
        ("IncorrectInstanceState", True),
        ("InsufficientInstanceCapacity", True),
        ("UnauthorizedOperation", False),
        ("UnsupportedOperation", False),
        ("OperationNotPermitted", False),
    ],
)
def test_only_what_may_well_succeed_a_moment_later_is_temporary(code: str, temporary: bool) -> None:
    assert is_temporary(code) is temporary


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("InvalidInstanceID.NotFound", About.NEXT_HOP),
        ("InvalidInstanceID", About.NEXT_HOP),  # several interfaces
        ("InvalidNetworkInterfaceID.NotFound", About.NEXT_HOP),
        ("InvalidNatGatewayID.NotFound", About.NEXT_HOP),
        ("NatGatewayNotFound", About.NEXT_HOP),
        ("InvalidGatewayID.NotFound", About.NEXT_HOP),
        ("InvalidTransitGatewayAttachmentID.NotFound", About.NEXT_HOP),
        ("InvalidVpcEndpointId.NotFound", About.NEXT_HOP),
        ("InvalidRouteTableID.NotFound", About.ROUTE),
        ("InvalidRouteTableId.NotFound", About.ROUTE),
        ("InvalidTransitGatewayRouteTableID.NotFound", About.ROUTE),
        ("InvalidPrefixListID.NotFound", About.ROUTE),
        ("InvalidPrefixListId.NotFound", About.ROUTE),
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


@pytest.mark.parametrize("told", ["word " * 300, "Encoded authorization failure message: " + "x" * 1400])
def test_ec2s_words_are_cut_where_they_enter(told: str) -> None:
    with pytest.raises(Ec2Error) as caught, translated("ReplaceRoute", "rtb-1"):
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": told}}, "ReplaceRoute")
    words = caught.value.refusal.words
    assert words.startswith(f"ReplaceRoute on rtb-1 was refused: UnauthorizedOperation: {told[:200]}")
    assert words.endswith("...")
    assert len(words) < LONGEST_WORDS + 100


@pytest.mark.parametrize(
    ("told", "shown"), [("a\nb", "a\\nb"), ("\x1b[2J", "\\x1b[2J"), ("\u2028", "\\u2028"), ("größer", "größer")]
)
def test_control_characters_in_ec2s_words_are_quoted(told: str, shown: str) -> None:
    with pytest.raises(Ec2Error) as caught, translated("ReplaceRoute", "rtb-1"):
        raise ClientError({"Error": {"Code": "Odd", "Message": told}}, "ReplaceRoute")
    assert str(caught.value) == f"ReplaceRoute on rtb-1 was refused: Odd: {shown}"


def test_the_refusals_of_150_tables_fit_into_the_groups_item_as_often_as_they_are_untold() -> None:
    with pytest.raises(Ec2Error) as caught, translated("ReplaceRoute", "rtb-0123456789abcdef0"):
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "x" * 1400}}, "ReplaceRoute")
    refused = tuple(
        RouteChange(f"rtb-{number:017x} 0.0.0.0/0", "i-0123456789abcdef0", "i-0123456789abcdef1", caught.value.refusal)
        for number in range(150)
    )
    state = GroupState("idc")
    for number in range(10):
        done = Transition(f"idc-{number}", "idc", TransitionKind.FAILOVER, "a", "b", "it failed", 1.0, changes=refused)
        state = to_be_told(replace(state, pending=done), done, "router/1", 1.0)
        assert state.unannounced[-1].transition == done
        assert size(items.group_item(state, "router")) < ITEM_BYTES

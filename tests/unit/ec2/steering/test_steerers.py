"""Several steerings for one group, of any kind: what is read together, and what stands in for what cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast, get_args

import pytest

from routekeeper.config.steerings import KINDS, SteeringType
from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.routes import Route
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import NextHop, NextHopKind, Steering, TgwPrefixList, VpcRoute
from routekeeper.ec2.errors import refused
from routekeeper.ec2.steering import Steerers
from routekeeper.ec2.steering.kinds import steerers

ATTACHMENT = NextHop(NextHopKind.ATTACHMENT, "tgw-attach-1")
INSTANCE = NextHop(NextHopKind.INSTANCE, "i-a")
GROUP = Group(
    "both",
    (TgwPrefixList("tgw-rtb-1", "pl-1"), VpcRoute(("rtb-1",), "0.0.0.0/0")),
    (Path("one", None, (ATTACHMENT, INSTANCE)),),
)
THROTTLED = refused("slow down", "RequestLimitExceeded")
DENIED = refused("not you", "UnauthorizedOperation")


@dataclass
class Scripted:
    """A steerer that answers with this."""

    answer: Route | Ec2Error

    def read(self, _steering: Steering) -> tuple[Route, ...]:
        if isinstance(self.answer, Ec2Error):
            raise self.answer
        return (self.answer,)

    def change(self, _steering: Steering, _route: Route, _next_hop: NextHop | None) -> None:
        raise NotImplementedError


def read(lines: Route | Ec2Error, routes: Route | Ec2Error) -> tuple[Route, ...]:
    return Steerers({TgwPrefixList: Scripted(lines), VpcRoute: Scripted(routes)}).read(GROUP)


def test_every_kind_of_steering_can_be_configured_and_has_its_steerer() -> None:
    kinds = set(get_args(Steering))
    assert set(steerers(cast(Any, None)).by_kind) == kinds
    assert set(KINDS) == set(SteeringType)
    assert len(SteeringType) == len(kinds)


def test_every_route_says_which_steering_it_belongs_to() -> None:
    assert [route.entry for route in read(Route("pl-1"), Route("rtb-1"))] == [0, 1]


def test_a_steering_that_is_refused_for_good_is_one_unread_route_with_the_code_that_ec2_gave() -> None:
    reference, route = read(DENIED, Route("rtb-1"))
    assert reference.unread == DENIED.refusal
    assert route.unread is None


@pytest.mark.parametrize("answers", [(THROTTLED, Route("rtb-1")), (Route("pl-1"), THROTTLED)])
def test_half_a_picture_is_none_if_the_rest_is_only_to_be_waited_for(answers: tuple[Any, Any]) -> None:
    with pytest.raises(Ec2Error) as caught:
        read(*answers)
    assert caught.value.code == "RequestLimitExceeded"
    assert not caught.value.final


def test_if_nothing_can_be_read_the_first_refusal_is_told() -> None:
    with pytest.raises(Ec2Error) as caught:
        read(DENIED, refused("gone", "InvalidRouteTableID.NotFound"))
    assert caught.value.code == "UnauthorizedOperation"

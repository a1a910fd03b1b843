"""The names that EC2 gives next hops."""

from __future__ import annotations

from routekeeper.config.steerings import KINDS, SteeringType
from routekeeper.ec2.steering.vpc_route import PARAMETERS


def test_every_next_hop_that_a_vpc_route_may_be_configured_with_has_its_parameter() -> None:
    assert {kind.value for kind in PARAMETERS} == set(KINDS[SteeringType.VPC_ROUTE].next_hops)

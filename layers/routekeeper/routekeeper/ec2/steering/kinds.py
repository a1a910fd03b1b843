"""The steerer of each kind of steering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routekeeper.domain.steering import TgwPrefixList, VpcRoute
from routekeeper.ec2.steering import Steerers
from routekeeper.ec2.steering.tgw_prefix_list import TgwPrefixListSteerer
from routekeeper.ec2.steering.vpc_route import VpcRouteSteerer

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


def steerers(ec2: EC2Client) -> Steerers:
    """All of them over one client."""
    return Steerers({TgwPrefixList: TgwPrefixListSteerer(ec2), VpcRoute: VpcRouteSteerer(ec2)})

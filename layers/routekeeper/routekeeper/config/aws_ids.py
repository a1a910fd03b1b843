"""The form of AWS resource IDs: a prefix for the kind, then 8 or 17 hexadecimal digits.

Source: Amazon EC2 User Guide, "Resource IDs" (old resources keep 8 digits, new ones have 17).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from routekeeper.config.problems import Rejected, describe
from routekeeper.domain.steering import NextHopKind

_DIGITS = re.compile(r"[0-9a-f]{8}(?:[0-9a-f]{9})?", re.ASCII)


def aws_id(prefix: str, kind: str) -> Callable[[object], str]:
    """A reader of IDs that begin with `prefix`; `kind` names them for people."""

    def read(value: object) -> str:
        if isinstance(value, str) and value.startswith(prefix) and _DIGITS.fullmatch(value[len(prefix) :]):
            return value
        raise Rejected(f"found {describe(value)}, expected the ID of {kind}: {prefix} and 8 or 17 digits 0-9, a-f")

    return read


instance: Final = aws_id("i-", "an instance")
route_table: Final = aws_id("rtb-", "a VPC route table")
tgw_route_table: Final = aws_id("tgw-rtb-", "a transit gateway route table")
prefix_list: Final = aws_id("pl-", "a prefix list")

next_hop: Final[Mapping[NextHopKind, Callable[[object], str]]] = {
    NextHopKind.ATTACHMENT: aws_id("tgw-attach-", "a transit gateway attachment"),
    NextHopKind.INSTANCE: instance,
    NextHopKind.NETWORK_INTERFACE: aws_id("eni-", "a network interface"),
    NextHopKind.NAT_GATEWAY: aws_id("nat-", "a NAT gateway"),
    NextHopKind.TRANSIT_GATEWAY: aws_id("tgw-", "a transit gateway"),
    NextHopKind.VPC_ENDPOINT: aws_id("vpce-", "a VPC endpoint"),
    NextHopKind.VIRTUAL_PRIVATE_GATEWAY: aws_id("vgw-", "a virtual private gateway"),
}

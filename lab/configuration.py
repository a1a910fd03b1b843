"""The laboratory's own `failover.yaml`: what a user would write for this network, with every default left alone."""

from __future__ import annotations

from typing import Final

from lab.world import DX_ROUTER, NAT_A, NAT_B, VPN, World

RESTART: Final = "{group: nat}"
FAILBACK: Final = "{mode: auto, after: 60s}"
BRAKE: Final = "{moves: 24, per: 1h}"


def failover_yaml(
    world: World,
    *,
    restart: str = RESTART,
    failback: str = FAILBACK,
    private_b_failback: str = FAILBACK,
    rehearsal_failback: str = FAILBACK,
    brake: str = BRAKE,
) -> str:
    """The configuration for the seeded world.

    `idc` moves the on-premises CIDRs between Direct Connect and the VPN, `private-a` and `private-b` move
    0.0.0.0/0 between the NAT instances, each with its own zone's preferred, and `rehearsal` moves nobody.
    """
    table = world.transit_gateway_route_table
    nat_a, nat_b = world.instances["nat-a"], world.instances["nat-b"]
    return f"""\
version: 1
target_figures: metrics
brake: {brake}
targets:
  dx-router:
    require: any
    probes:
      - {{type: icmp, host: {DX_ROUTER.address}}}
      - {{type: tcp, host: {DX_ROUTER.address}, port: 179}}
  vpn-host:
    probes: [{{type: tcp, host: {VPN.address}, port: 22}}]
  nat-a:
    instance: {nat_a}
    probes: [{{type: tcp, host: {NAT_A.address}, port: 22}}]
    restart: {restart}
  nat-b:
    instance: {nat_b}
    probes: [{{type: tcp, host: {NAT_B.address}, port: 22}}]
    restart: {restart}
groups:
  idc:
    steering: {{type: tgw-prefix-list, route_table: {table}, prefix_list: {world.prefix_lists["on-premises"]}}}
    paths:
      - {{name: dx, target: dx-router}}
      - {{name: vpn, target: vpn-host, attachment: {world.attachments["vpn"]}}}
    failback: {failback}
  rehearsal:
    steering: {{type: tgw-prefix-list, route_table: {table}, prefix_list: {world.prefix_lists["rehearsal"]}}}
    paths:
      - {{name: dx, target: dx-router}}
      - {{name: vpn, target: vpn-host, attachment: {world.attachments["vpn"]}}}
    failback: {rehearsal_failback}
  private-a:
    steering: {{type: vpc-route, route_tables: [{world.route_tables["private-a"]}], destination: 0.0.0.0/0}}
    paths:
      - {{name: nat-a, target: nat-a, instance: {nat_a}}}
      - {{name: nat-b, target: nat-b, instance: {nat_b}}}
    failback: {failback}
  private-b:
    steering: {{type: vpc-route, route_tables: [{world.route_tables["private-b"]}], destination: 0.0.0.0/0}}
    paths:
      - {{name: nat-b, target: nat-b, instance: {nat_b}}}
      - {{name: nat-a, target: nat-a, instance: {nat_a}}}
    failback: {private_b_failback}
"""

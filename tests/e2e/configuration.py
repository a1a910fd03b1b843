"""The configuration of the stories: the laboratory's own, a shorter restart and rehearsal, and three more groups."""

from __future__ import annotations

from lab.configuration import failover_yaml
from lab.world import World

REHEARSAL_FAILBACK_SECONDS = 5
PRIVATE_B_FAILBACK_SECONDS = 10
BARRED_FAILBACK_SECONDS = 5


def stories_yaml(world: World) -> str:
    """`idc` and `private-a` keep every default of detection and hold-down, `private-b` returns sooner.

    Damping is off: the stories cut the same line every few minutes, which is what it is there to notice.

    `refused` and `untagged` move a table's default route when Direct Connect fails, and nobody's packets. They name
    network interfaces: as users of the instances they would keep these from being restarted, as long as EC2 refuses.

    `barred` has a standby behind an attachment that EC2 may refuse, and a third path; it, too, moves nobody's packets.
    """
    laboratory = failover_yaml(
        world,
        restart="{after: 5s, stop_timeout: 6s, group: nat}",
        failback="{damping: off}",
        private_b_failback=f"{{after: {PRIVATE_B_FAILBACK_SECONDS}s, damping: off}}",
        rehearsal_failback=f"{{after: {REHEARSAL_FAILBACK_SECONDS}s, damping: off}}",
        brake="{moves: 1000, per: 1h}",  # a year of trouble in minutes: counted, and never held
    )
    names = ("refused", "untagged")
    spares = zip(names, world.spare_route_tables, strict=True)
    return laboratory + "".join(_group(name, table, world) for name, table in spares) + _barred(world)


def _group(name: str, table: str, world: World) -> str:
    return f"""\
  {name}:
    steering: {{type: vpc-route, route_tables: [{table}], destination: 0.0.0.0/0}}
    paths:
      - {{name: first, target: dx-router, network_interface: {world.interfaces["nat-a"]}}}
      - {{name: second, target: vpn-host, network_interface: {world.interfaces["nat-b"]}}}
    failback: {{mode: manual}}
"""


def _barred(world: World) -> str:
    table, prefix_list = world.transit_gateway_route_table, world.prefix_lists["spare"]
    return f"""\
  barred:
    steering: {{type: tgw-prefix-list, route_table: {table}, prefix_list: {prefix_list}}}
    paths:
      - {{name: first, target: dx-router}}
      - {{name: second, target: vpn-host, attachment: {world.attachments["spare"]}}}
      - {{name: third, target: vpn-host, attachment: {world.attachments["vpn"]}}}
    failback: {{after: {BARRED_FAILBACK_SECONDS}s, damping: off}}
"""

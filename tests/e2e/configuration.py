"""The stories' configuration: the laboratory's own, a shorter restart and rehearsal, and two groups to be troubled."""

from __future__ import annotations

from lab.configuration import failover_yaml
from lab.world import World

REHEARSAL_FAILBACK_SECONDS = 5
PRIVATE_B_FAILBACK_SECONDS = 10


def stories_yaml(world: World) -> str:
    """`idc` and `private-a` keep every default of detection and hold-down, `private-b` returns sooner.

    Damping is off: the stories cut the same line every few minutes, which is what it is there to notice.

    `refused` and `untagged` move a table's default route when Direct Connect fails, and nobody's packets. They name
    network interfaces: as users of the instances they would keep these from being restarted, as long as EC2 refuses.
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
    return laboratory + "".join(_group(name, table, world) for name, table in spares)


def _group(name: str, table: str, world: World) -> str:
    return f"""\
  {name}:
    steering: {{type: vpc-route, route_tables: [{table}], destination: 0.0.0.0/0}}
    paths:
      - {{name: first, target: dx-router, network_interface: {world.interfaces["nat-a"]}}}
      - {{name: second, target: vpn-host, network_interface: {world.interfaces["nat-b"]}}}
    failback: {{mode: manual}}
"""

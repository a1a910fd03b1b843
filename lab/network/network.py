"""Building the network, breaking it on purpose, and taking it down."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Self

from lab import host
from lab.network import faults, namespace, plan
from lab.network.faults import Condition, Direction, InstanceFault
from lab.network.namespace import ROOT, NetworkError
from lab.network.parts import Topology
from lab.network.topology import DX_TO_TGW, INSTANCES, TOPOLOGY

_SOUND = Condition()


class Line:
    """A line with its faults. A fault put on replaces the one that was there, for the directions named."""

    def __init__(self, name: str) -> None:
        """The line in the namespace of that name; the network makes these."""
        self.name = name
        self._conditions = dict.fromkeys(Direction, _SOUND)
        self._wires: dict[Direction, subprocess.Popen[str]] = {}
        self._lock = threading.Lock()

    def cut(self, *directions: Direction) -> None:
        """Let nothing through (both directions unless told)."""
        self._put(Condition(loss=1), directions)

    def lose(self, loss: float, *directions: Direction) -> None:
        """Lose a share of the packets, 0 to 1, at random."""
        self._put(Condition(loss=loss), directions)

    def delay(self, seconds: float, *directions: Direction, loss: float = 0.0) -> None:
        """Deliver every packet so much later, in each direction named; lose a share of them as well."""
        self._put(Condition(loss=loss, delay_seconds=seconds), directions)

    def mend(self, *directions: Direction) -> None:
        """Make the line sound again."""
        self._put(_SOUND, directions)

    @property
    def conditions(self) -> dict[Direction, Condition]:
        """What is wrong with each direction now."""
        return dict(self._conditions)

    def close(self) -> None:
        """End the wires."""
        for wire in self._wires.values():
            end(wire)
        self._wires.clear()

    def _put(self, condition: Condition, directions: Sequence[Direction]) -> None:
        with self._lock:
            outdated = [self._wires.pop(way) for way in directions or Direction if way in self._wires]
            for way in directions or Direction:
                self._conditions[way] = condition
                if condition.delayed:
                    self._wires[way] = self._carry(way, condition)
            namespace.replace_table(self.name, faults.LINE_TABLE, faults.line_chains(self._conditions))
            for wire in outdated:
                end(wire)

    def _carry(self, way: Direction, condition: Condition) -> subprocess.Popen[str]:
        words = (self.name, way.value, way.exit, f"{condition.delay_seconds}", f"{condition.loss}")
        return start("lab.network.wire", *words)


class Network:
    """The built network. A context manager: on the way out everything it started is gone."""

    def __init__(self, topology: Topology = TOPOLOGY, *, icmp_refused: Collection[str] = ()) -> None:
        """Build it, inside the laboratory. Raises HostError outside, NetworkError where a step fails.

        In the namespaces named in `icmp_refused`, ICMP datagram sockets are not permitted.
        """
        host.require_inside()
        self.topology = topology
        self.lines = {link.line: Line(link.line) for link in topology.lines}
        self._services: subprocess.Popen[str] | None = None
        try:
            self._build(icmp_refused)
        except BaseException:
            self.close()
            raise

    @property
    def dx(self) -> Line:
        """The Direct Connect line."""
        return self.lines["dx-line"]

    @property
    def vpn(self) -> Line:
        """The VPN's line over the internet."""
        return self.lines["vpn-line"]

    def hang(self, instance: str) -> None:
        """Let an instance answer and forward nothing, while EC2 calls it running. A boot ends it."""
        self._put(instance, InstanceFault.HUNG)

    def stop_forwarding(self, instance: str) -> None:
        """Let an instance answer but forward nothing. A boot ends it."""
        self._put(instance, InstanceFault.NOT_FORWARDING)

    def recover(self, instance: str) -> None:
        """Undo hang() and stop_forwarding() without a boot."""
        _check_instance(instance)
        namespace.replace_table(instance, faults.INSTANCE_TABLE)

    def kill(self, instance: str) -> None:
        """Take an instance's links down, as when it is stopped. A boot ends it."""
        _check_instance(instance)
        namespace.ip(instance, [f"link set {device} down" for device in self._devices(instance)])

    def boot(self, instance: str) -> None:
        """Bring an instance up as new: links, addresses, routes; no fault."""
        self.recover(instance)
        namespace.ip(instance, plan.node_commands(self.topology, instance))

    def shut_router_port(self) -> None:
        """Take down the on-premises router's port on the Direct Connect line."""
        namespace.ip(DX_TO_TGW.namespace, [f"link set {DX_TO_TGW.device} down"])

    def open_router_port(self) -> None:
        """Bring that port up again."""
        namespace.ip(DX_TO_TGW.namespace, plan.node_commands(self.topology, DX_TO_TGW.namespace))

    def allow_icmp_sockets(self, name: str) -> None:
        """Let the processes of a namespace that was built with them refused open ICMP datagram sockets after all."""
        namespace.set_kernel(name, plan.ICMP_SOCKETS_ALLOWED)

    def close(self) -> None:
        """End every process of the network and delete its namespaces. May be repeated."""
        if self._services is not None:
            end(self._services)
            self._services = None
        for line in self.lines.values():
            line.close()
        # The kernel ends a namespace when it finds the time; our own ends of its cables have to go now.
        devices = namespace.devices(ROOT)
        namespace.ip(ROOT, [f"link delete {device}" for device in self._devices(ROOT) if device in devices])
        present = namespace.present()
        namespace.ip(ROOT, [f"netns delete {name}" for name in plan.namespaces(self.topology) if name in present])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _build(self, icmp_refused: Collection[str]) -> None:
        namespace.ip(ROOT, [f"netns add {name}" for name in plan.namespaces(self.topology)])
        for node in self.topology.nodes:
            namespace.set_kernel(node.name, plan.settings(node, icmp_sockets=node.name not in icmp_refused))
        for name in self.lines:
            namespace.set_kernel(name, {"ipv6/conf/default/disable_ipv6": "1"})
        namespace.ip(ROOT, plan.cables(self.topology))
        for name in self.lines:
            namespace.ip(name, plan.line_commands())
        for node in self.topology.nodes:
            namespace.ip(node.name, [*plan.node_commands(self.topology, node.name), *node.rules])
            for table, chains in node.tables:
                namespace.replace_table(node.name, table, chains)
        namespace.ip(ROOT, plan.node_commands(self.topology, ROOT))
        self._services = start("lab.network.services")

    def _put(self, instance: str, fault: InstanceFault) -> None:
        _check_instance(instance)
        namespace.replace_table(instance, faults.INSTANCE_TABLE, faults.instance_chains(fault))

    def _devices(self, name: str) -> list[str]:
        ports = [port for link in self.topology.links for port in (link.near, link.far)]
        return [port.device for port in ports if port.namespace == name]


def start(module: str, *arguments: str) -> subprocess.Popen[str]:
    """Start one of this package's processes and wait for the line that says it is ready. Raises NetworkError."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=host.PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,  # the terminal's Ctrl-C is for whoever started the network
    )
    assert process.stdout is not None
    if not process.stdout.readline():
        end(process)
        raise NetworkError(f"{module} {' '.join(arguments)} did not start")
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Kill a process and wait for it to be gone."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _check_instance(name: str) -> None:
    if name not in {instance.name for instance in INSTANCES}:
        names = ", ".join(instance.name for instance in INSTANCES)
        raise ValueError(f"{name} is not an instance: {names}")

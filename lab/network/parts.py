"""What a network is made of: namespaces, the links between them, and what listens there."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_interface


@dataclass(frozen=True, slots=True)
class Port:
    """One end of a link: a device in a namespace, with addresses such as 10.0.1.10/24."""

    namespace: str
    device: str
    addresses: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The first address, without its prefix length."""
        return str(ip_interface(self.addresses[0]).ip)


@dataclass(frozen=True, slots=True)
class Link:
    """Two ports joined by a cable, or by a line (named in `line`) on which faults can be put."""

    near: Port
    far: Port
    line: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One namespace: whether it forwards, its own `ip` commands, its nftables tables by name.

    `routes` may be repeated, and are when its links come up again; `rules` are given once.
    """

    name: str
    forwards: bool = False
    routes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    tables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A listener: what answers on a TCP port of a namespace. HTTP says 200, the others just accept."""

    namespace: str
    port: int
    http: bool = False


@dataclass(frozen=True, slots=True)
class Topology:
    """The whole network."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    services: tuple[Service, ...]

    @property
    def lines(self) -> tuple[Link, ...]:
        """The links on which faults can be put."""
        return tuple(link for link in self.links if link.line)

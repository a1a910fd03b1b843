"""One probe of a target."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, assert_never

from routekeeper.config import addresses, limits, values
from routekeeper.config.detection import timeout
from routekeeper.config.problems import Problems, Rejected
from routekeeper.config.section import Section, open_variant
from routekeeper.config.tree import Listing, Node, bare
from routekeeper.domain.settings import HttpProbe, IcmpProbe, Probe, TcpProbe


class _Type(Enum):
    ICMP = "icmp"
    TCP = "tcp"
    HTTP = "http"


_KEYS = {
    _Type.ICMP: ("type", "host", "timeout"),
    _Type.TCP: ("type", "host", "port", "timeout", "handshake"),
    _Type.HTTP: ("type", "url", "timeout", "expected_status", "verify_certificate"),
}
_TCP: Final = TcpProbe("", 0, 0.0)
_HTTP: Final = HttpProbe("", 0.0)
"""Probes of nothing. They hold the defaults of what a document may leave out."""
_status: Callable[[object], int] = values.whole(200, 599)


def read_probe(node: Node, where: str, timeout_seconds: float, problems: Problems) -> Probe | None:
    """The probe, or None with a problem noted. `timeout_seconds` is for probes that name no timeout."""
    variant = open_variant(node, where, problems, _Type, _KEYS)
    return None if variant is None else _read(*variant, timeout_seconds)


def _read(kind: _Type, section: Section, timeout_seconds: float) -> Probe | None:
    limit = section.optional("timeout", timeout, timeout_seconds)
    match kind:
        case _Type.ICMP:
            host = _host(section)
            return None if host is None else IcmpProbe(host, limit)
        case _Type.TCP:
            host = _host(section)
            port = section.required("port", values.whole(1, 65_535))
            handshake = section.optional("handshake", values.flag, _TCP.handshake)
            return None if host is None or port is None else TcpProbe(host, port, limit, handshake)
        case _Type.HTTP:
            url = section.required("url", addresses.url)
            if url is not None:
                _doubt(section, "url", addresses.host_of(url))
            status = section.optional("expected_status", _statuses, _HTTP.expected_status)
            verify = section.optional("verify_certificate", values.flag, _HTTP.verify_certificate)
            return None if url is None else HttpProbe(url, limit, status, verify)
        case _:
            assert_never(kind)


def _host(section: Section) -> str | None:
    host = section.required("host", addresses.host)
    if host is not None:
        _doubt(section, "host", host)
    return host


def _doubt(section: Section, key: str, host: str) -> None:
    if (reason := addresses.doubt(host)) is not None:
        section.warn(key, reason)


def _statuses(value: object) -> tuple[int, ...]:
    """One final HTTP status, or a list of different ones."""
    if not isinstance(value, Listing):
        return (_status(value),)
    if len(value.items) > limits.STATUSES:
        raise Rejected(f"found a list of {len(value.items)}, expected at most {limits.STATUSES}")
    found = tuple(_status(bare(item)) for item in value.items)
    if not found:
        raise Rejected("found an empty list, expected HTTP statuses")
    if len(set(found)) < len(found):
        raise Rejected("found a status twice, expected every status once")
    return found

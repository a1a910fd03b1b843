"""Hosts, URLs and destinations, in IPv4 and IPv6."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from routekeeper.config import aws_ids
from routekeeper.config.problems import Rejected, describe

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.ASCII)
_LONGEST_HOST_NAME = 253
_ZONED = re.compile(r"[0-9a-fA-F:.]+(?:%[A-Za-z0-9_.-]{1,15})?", re.ASCII)
LONGEST_URL: Final = 2_048
_BROADCAST: Final = ipaddress.IPv4Address("255.255.255.255")
_NETWORK = re.compile(r"[0-9a-fA-F.:]+/\d{1,3}", re.ASCII)
# A name whose last label is a number would be taken for an address (RFC 1123, section 2.1). So a host that ends in a
# number and is no address is a mistake.
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?\d+\.?", re.ASCII)


def host(value: object) -> str:
    """An IPv4 or IPv6 address without brackets, or a name."""
    if isinstance(value, str) and _is_host(value):
        _judge(value)
        return value
    hint = " (without brackets)" if isinstance(value, str) and value.startswith("[") else ""
    raise Rejected(f"found {describe(value)}, expected an IPv4 or IPv6 address{hint} or a host name")


def doubt(host: str) -> str | None:
    """Why probes of this host tell nothing about a path, if they do not."""
    address = _address(host)
    if host.lower().rstrip(".").rpartition(".")[2] == "localhost" or (address is not None and address.is_loopback):
        return f"{host} is the monitor itself, which can always be reached: this target cannot fail"
    if address is not None and address.is_link_local:
        return f"{host} is a link-local address, which is not reached over any route: it says nothing about a path"
    return None


def host_of(url: str) -> str:
    """The host in a URL that `url` has read."""
    return urlsplit(url).hostname or ""


def _judge(host: str) -> None:
    """Raise Rejected for an address that no host has to itself."""
    address = _address(host)
    if address is not None and (address.is_unspecified or address.is_multicast or address == _BROADCAST):
        raise Rejected(f"found {describe(host)}, which is the address of no single host, expected one that is")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that is meant, if the host is one. An IPv4 address in IPv6 clothes is IPv4."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped


def _is_host(value: str) -> bool:
    if _ZONED.fullmatch(value) is None or _address(value) is None:
        named = len(value) <= _LONGEST_HOST_NAME and _HOST_NAME.fullmatch(value) is not None
        return named and _ENDS_IN_NUMBER.fullmatch(value) is None
    return True


def url(value: object) -> str:
    """An http or https URL. A URL with a user or a password is refused, because it would end up in every log."""
    expected = "expected a URL such as https://10.0.1.10:8443/health"
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise Rejected(f"found {describe(value)}, {expected}")
    if len(value) > LONGEST_URL:
        raise Rejected(f"found {describe(value)}, expected at most {LONGEST_URL} characters")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as err:
        raise Rejected(f"found {describe(value)} ({err}), {expected}") from err
    web = parts.scheme in ("http", "https") and port != 0
    if not web or not parts.hostname or not _is_host(parts.hostname):
        raise Rejected(f"found {describe(value)}, {expected}")
    if parts.username is not None or parts.password is not None:
        raise Rejected("found a URL with a user or a password, expected one without: it is written to logs")
    _judge(parts.hostname)
    return value


def destination(value: object) -> str:
    """An IPv4 or IPv6 network in its canonical spelling, or a prefix list."""
    if isinstance(value, str) and value.startswith("pl-"):
        return aws_ids.prefix_list(value)
    expected = "expected a network such as 0.0.0.0/0 or ::/0, or a prefix list"
    if not isinstance(value, str) or _NETWORK.fullmatch(value) is None:
        raise Rejected(f"found {describe(value)}, {expected}")
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError as err:
        raise Rejected(f"found {describe(value)}, {expected}") from err
    if network.network_address != ipaddress.ip_address(value.split("/")[0]):
        # EC2 would store the canonical form, which would surprise people (Amazon EC2 API Reference, CreateRoute).
        raise Rejected(f"found {describe(value)}, which has bits set behind its prefix, expected {network}")
    return str(network)

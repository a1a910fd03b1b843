"""A configured URL as the request that is sent for it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from routekeeper.probes.resolving import bracketed


@dataclass(frozen=True, slots=True)
class Request:
    """A URL taken apart."""

    shown: str
    tls: bool
    host: str
    port: int
    octets: bytes


def parse_url(url: str) -> Request:
    """Take a URL apart into what is sent and what reasons show. A user name in it is neither sent nor shown.

    Raises:
        ValueError: it is not an HTTP or HTTPS URL with a host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it is not an http or https URL with a host")
    default = 443 if parts.scheme == "https" else 80
    host = parts.hostname
    authority = bracketed(host) + (f":{parts.port}" if parts.port not in (None, default) else "")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
    wire = authority if authority.isascii() else authority.encode("idna").decode("ascii")
    lines = (
        f"GET {path}{query} HTTP/1.1",
        f"Host: {wire}",
        "User-Agent: routekeeper",
        "Accept: */*",
        "Connection: close",
    )
    octets = "\r\n".join((*lines, "", "")).encode("ascii")
    shown = f"{parts.scheme}://{authority}{path}{query}"
    return Request(shown, parts.scheme == "https", host, parts.port or default, octets)

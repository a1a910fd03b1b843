"""What is sent for a configured URL."""

from __future__ import annotations

import pytest

from routekeeper.probes.http_request import parse_url


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("http://10.0.1.10", "Host: 10.0.1.10", 80, False),
        ("http://10.0.1.10:80/", "Host: 10.0.1.10", 80, False),
        ("http://10.0.1.10:8080/", "Host: 10.0.1.10:8080", 8080, False),
        ("https://router.example/", "Host: router.example", 443, True),
        ("https://[fd00::1]:8443/", "Host: [fd00::1]:8443", 8443, True),
        ("http://bücher.example/", "Host: xn--bcher-kva.example", 80, False),
    ],
)
def test_host_and_port_follow_the_url(url: str, host: str, port: int, tls: bool) -> None:
    request = parse_url(url)
    assert host in request.octets.decode("ascii").split("\r\n")
    assert (request.port, request.tls) == (port, tls)


def test_the_path_is_escaped_so_that_a_url_cannot_add_lines_to_the_request() -> None:
    request = parse_url("http://10.0.1.10/a b\r\nX: y/ü?q=1 2#part")
    assert request.octets.startswith(b"GET /a%20bX:%20y/%C3%BC?q=1%202 HTTP/1.1\r\nHost: 10.0.1.10\r\n")


def test_a_user_name_and_password_are_neither_sent_nor_shown() -> None:
    request = parse_url("http://user:secret@10.0.1.10/")
    assert b"secret" not in request.octets
    assert "secret" not in request.shown


@pytest.mark.parametrize("url", ["", "10.0.1.10", "ftp://10.0.1.10/", "http://", "http://h:port/", "http://h:99999/"])
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_url(url)

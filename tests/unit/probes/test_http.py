"""HTTP and HTTPS: the expected status or a reason why not (law 1 for what this machine could not do)."""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path

import pytest

from routekeeper.domain.health import Health
from routekeeper.domain.settings import HttpProbe
from routekeeper.probes import Result
from routekeeper.probes.connecting import Connector
from routekeeper.probes.prober import AsyncProber
from routekeeper.probes.resolving import Address, Resolver
from tests.unit.probes.certificates import self_signed, server_context
from tests.unit.probes.listeners import LOOPBACK, listening, outcome, outcomes, refusing, serving, silent

pytestmark = pytest.mark.usefixtures("crowded_machine")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def url(port: int, path: str = "/", scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{port}{path}"


def test_the_expected_status_is_healthy_and_timed() -> None:
    with serving(OK) as server:
        result = outcome(HttpProbe(url(server.port, "/health?deep=1"), 2.0))
    assert result.health is Health.HEALTHY
    assert result.reason == f"GET http://127.0.0.1:{server.port}/health?deep=1: status 200"
    assert result.round_trip_seconds is not None
    assert 0 < result.round_trip_seconds < 2


def test_the_request_is_a_plain_get_that_names_the_host_and_wants_one_answer() -> None:
    with serving(OK) as server:
        outcome(HttpProbe(url(server.port, "/health?deep=1"), 2.0))
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /health?deep=1 HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in lines
    assert "Connection: close" in lines
    assert lines[-2:] == ["", ""]


def test_another_status_is_unhealthy_and_names_what_came_and_what_was_expected() -> None:
    with serving(b"HTTP/1.1 503 Service Unavailable\r\n\r\n") as server:
        result = outcome(HttpProbe(url(server.port), 2.0, expected_status=(200, 204)))
    assert result == Result(Health.UNHEALTHY, f"GET {url(server.port)}: status 503, expected 200 or 204").at(LOOPBACK)


def test_a_redirect_is_judged_by_its_status_and_not_followed() -> None:
    with serving(b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n\r\n") as server:
        result = outcome(HttpProbe(url(server.port), 2.0, expected_status=(302,)))
    assert result.health is Health.HEALTHY
    assert len(server.requests) == 1


def test_only_the_status_line_is_waited_for() -> None:
    with serving(b"HTTP/1.1 200\r\n") as server:  # no headers, no body, not even a phrase
        assert outcome(HttpProbe(url(server.port), 2.0)).health is Health.HEALTHY


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "the connection was closed without an answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", r"no HTTP status line: the answer begins 'SSH-2.0-OpenSSH_9.6\r\n'"),
        (b"HTTP/1.1 20", "no HTTP status line: the answer begins 'HTTP/1.1 20'"),
        (b"x" * 10_000, f"no HTTP status line: the answer begins '{'x' * 40}'"),
    ],
    ids=["closed", "another protocol", "cut short", "endless line"],
)
def test_an_answer_that_is_not_http_is_unhealthy(answer: bytes, words: str) -> None:
    with serving(answer) as server:
        result = outcome(HttpProbe(url(server.port), 2.0))
    assert result == Result(Health.UNHEALTHY, f"GET {url(server.port)}: {words}").at(LOOPBACK)


def test_a_line_that_never_ends_is_given_up_at_a_limit() -> None:
    with serving(b"x" * 10_000, hangs_up=False) as server:
        result = outcome(HttpProbe(url(server.port), 5.0))
    assert result.health is Health.UNHEALTHY
    assert "no HTTP status line" in result.reason


def test_a_server_that_never_answers_is_unhealthy_within_the_timeout() -> None:
    with serving(None) as server:
        started = time.monotonic()
        result = outcome(HttpProbe(url(server.port), 0.15))
        elapsed = time.monotonic() - started
    assert result == Result(Health.UNHEALTHY, f"GET {url(server.port)}: no status line in 0.15 s").at(LOOPBACK)
    assert elapsed < 1


def test_a_port_that_swallows_the_syn_is_unhealthy() -> None:
    with silent() as port:
        result = outcome(HttpProbe(url(port), 0.1))
    assert result == Result(Health.UNHEALTHY, f"GET {url(port)}: no connection in 0.1 s").at(LOOPBACK)


def test_a_refused_connection_is_unhealthy_because_no_status_came() -> None:
    with refusing() as port:
        result = outcome(HttpProbe(url(port), 2.0))
    assert result == Result(Health.UNHEALTHY, f"GET {url(port)}: connection refused").at(LOOPBACK)


def test_a_certificate_that_nobody_vouches_for_is_unhealthy_unless_that_is_switched_off(tmp_path: Path) -> None:
    with serving(OK, server_context(self_signed(tmp_path))) as server:
        address = url(server.port, scheme="https")
        strict = outcome(HttpProbe(address, 5.0))
        lax = outcome(HttpProbe(address, 5.0, verify_certificate=False))
    words = f"GET {address}: TLS failed: certificate not accepted: self-signed certificate"
    assert strict == Result(Health.UNHEALTHY, words).at(LOOPBACK)
    assert (lax.health, lax.reason) == (Health.HEALTHY, f"GET {address}: status 200")


def test_the_name_is_checked_and_sent_as_sni_when_the_certificate_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = self_signed(tmp_path, "ours.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = server_context(file)
    seen: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: seen.append(name)

    def everything_here(_host: str) -> Address:
        return Address(2, "127.0.0.1")

    resolver = Resolver(time.time, everything_here)
    with serving(OK, context) as server:
        ours, theirs = (
            outcome(HttpProbe(f"https://{name}:{server.port}/", 5.0), AsyncProber(time.time, resolver=resolver))
            for name in ("ours.example", "theirs.example")
        )
    assert ours.health is Health.HEALTHY
    assert theirs.health is Health.UNHEALTHY
    assert "theirs.example" in theirs.reason.split("certificate not accepted")[1]
    assert seen == ["ours.example", "theirs.example"]


def test_tls_with_a_server_that_does_not_speak_it_is_unhealthy() -> None:
    with serving(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        result = outcome(HttpProbe(url(server.port, scheme="https"), 2.0))
    assert result.health is Health.UNHEALTHY
    assert "TLS failed" in result.reason


def test_a_tls_handshake_that_never_comes_is_unhealthy_within_the_timeout() -> None:
    with listening() as port:
        result = outcome(HttpProbe(url(port, scheme="https"), 0.15))
    assert result == Result(Health.UNHEALTHY, f"GET {url(port, scheme='https')}: no TLS handshake in 0.15 s").at(
        LOOPBACK
    )


@pytest.mark.parametrize(
    "wrong", ["ftp://127.0.0.1/", "http:///nowhere", "http://127.0.0.1:99999/", "127.0.0.1", "http://a..b/"]
)
def test_a_request_that_cannot_be_made_is_unknown(wrong: str) -> None:
    result = outcome(HttpProbe(wrong, 2.0))
    assert result.health is Health.UNKNOWN
    assert "was not sent" in result.reason


def test_beyond_the_bound_on_sockets_a_probe_is_unknown() -> None:
    with serving(OK) as server:
        result = outcome(HttpProbe(url(server.port), 2.0), AsyncProber(time.time, connector=Connector(limit=0)))
    assert result.health is Health.UNKNOWN
    assert "no descriptor free" in result.reason


def test_failed_and_finished_exchanges_give_their_places_back(tmp_path: Path) -> None:
    prober = AsyncProber(time.time, connector=Connector(limit=2))
    with serving(OK, server_context(self_signed(tmp_path))) as server, refusing() as closed:
        for _ in range(3):
            refused, untrusted = outcomes(
                HttpProbe(url(closed), 5.0), HttpProbe(url(server.port, scheme="https"), 5.0), prober=prober
            )
            assert refused.health is untrusted.health is Health.UNHEALTHY


def test_a_cancelled_exchange_closes_its_socket() -> None:
    async def story(port: int) -> None:
        prober = AsyncProber(time.time, connector=Connector(limit=1))
        task = asyncio.create_task(prober.probe(HttpProbe(url(port), 5.0)))
        assert await asyncio.to_thread(server.requested.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert "no descriptor" not in (await prober.probe(HttpProbe(url(port), 0.05))).reason

    with serving(None) as server:
        asyncio.run(story(server.port))


def test_contexts_do_what_the_switch_says() -> None:
    prober = AsyncProber(time.time)._http
    assert prober._context(verify=True).verify_mode is ssl.CERT_REQUIRED
    assert prober._context(verify=True).check_hostname
    assert prober._context(verify=False).verify_mode is ssl.CERT_NONE

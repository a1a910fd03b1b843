"""The fabric: keeps the namespaces' routes and links like the emulated EC2, within milliseconds of a change.

It waits for changes at the EC2 server's own path `/lab/changes` (a plain moto has none: then it looks ten times a
second), reads, compares, and applies what differs.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lab.network import mirror, namespace
from lab.network.cloud_view import CloudView, read
from lab.network.network import Network
from lab.world import REGION, World

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

BOOT_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.1
"""Between two looks where the server does not announce changes, and before another try when it does not answer."""
LONGEST_WAIT_SECONDS: Final = 1.0
_DOWN: Final = frozenset({"stopped", "terminated"})
"""While it is `stopping` or `shutting-down`, an instance's guest is given time to shut down, and forwards until then.
Here it does so to the last moment, which is an assumption (docs/decisions/limits-of-the-laboratory.md)."""
ACCESS_KEY: Final = "FABRIC"
"""The access key that the fabric's calls carry, so that they can be told from routekeeper's in the call log."""


@dataclass(frozen=True, slots=True)
class Applied:
    """Something that the fabric did.

    `at` is epoch seconds, when it was done; `lag_seconds` is how long after the fabric learned of the change.
    """

    at: float
    namespace: str
    what: str
    lag_seconds: float


class Changes:
    """The server's announcements."""

    def __init__(self, endpoint: str) -> None:
        self._server = urlsplit(endpoint).netloc
        self._connection: http.client.HTTPConnection | None = None
        self.announced = True
        """Whether the server announces changes, as far as is known."""

    def wait(self, version: int, seconds: float) -> int:
        """The latest version; returns as soon as it is above `version`, else after so many seconds. Raises OSError."""
        if not self.announced:
            time.sleep(min(seconds, POLL_SECONDS))
            return version + 1
        try:
            status, body = self._get(f"/lab/changes?since={version}&timeout={seconds:.3f}")
        except http.client.HTTPException as err:
            self.close()
            raise ConnectionError(f"the EC2 server broke off: {err!r}") from err
        except OSError:
            self.close()
            raise
        if status == http.client.OK:
            return int(json.loads(body)["version"])
        self.announced = False
        return version + 1

    def interrupt(self) -> None:
        """From another thread: let wait() end with an OSError, if it is waiting."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):  # it has just been closed
                connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _get(self, path: str) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._server, timeout=10 * LONGEST_WAIT_SECONDS)
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


class Fabric:
    """The thread that does it. A context manager: on the way out it has stopped."""

    def __init__(self, network: Network, endpoint: str, world: World, *, boot_seconds: float = BOOT_SECONDS) -> None:
        """Mirror the EC2 at `endpoint` onto `network`, once started.

        `boot_seconds` pass from the state `running` to an instance's first packet.
        """
        self.network = network
        self.world = world
        self.boot_seconds = boot_seconds
        self.applied: list[Applied] = []
        """Everything done so far, oldest first."""
        self.trouble: Exception | None = None
        """Why the last look failed, if it did: the server did not answer. It is tried again."""
        self._endpoint = endpoint
        self._announcements = Changes(endpoint)
        self._ec2 = _client(endpoint)
        self._routes: dict[mirror.Place, str] = {}
        self._down: set[str] = set()
        self._boots: dict[str, float] = {}
        """When each booting instance is up, in monotonic seconds."""
        self._version = -1
        self._moved = threading.Condition()
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="fabric", daemon=True)

    def start(self) -> Self:
        """Start mirroring; returns at once."""
        self._thread.start()
        return self

    def synchronise(self, timeout_seconds: float = 10.0) -> None:
        """Wait until everything that has happened in EC2 by now is on the wire (boots underway excepted).

        Raises TimeoutError, OSError, or whatever stopped the fabric.
        """
        asker = Changes(self._endpoint)
        wanted = asker.wait(-1, 0.0)
        asker.close()
        with self._moved:
            if not asker.announced:
                wanted = self._version + 2  # the look now underway may have begun too early
            done = self._moved.wait_for(lambda: self._failure or self._version >= wanted, timeout_seconds)
        if self._failure is not None:
            raise self._failure
        if not done:
            raise TimeoutError(f"the fabric did not catch up with EC2 within {timeout_seconds} s: {self.trouble}")

    def stop(self) -> None:
        """Stop mirroring and wait for it. Raises whatever stopped it earlier, if anything did."""
        self._stopping.set()
        while self._thread.is_alive():
            self._announcements.interrupt()  # again, should it have been about to ask just then
            self._thread.join(0.02)
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.stop()
        else:
            with contextlib.suppress(Exception):  # what went wrong first is what counts
                self.stop()

    def _run(self) -> None:
        with ThreadPoolExecutor(2, thread_name_prefix="fabric") as pool:
            seen = -1
            while not self._stopping.is_set():
                try:
                    version = self._announcements.wait(seen, self._patience())
                    if version != seen:
                        self._look(pool)
                        seen = version
                    self._boot_due()
                    self.trouble = None
                except (OSError, BotoCoreError, ClientError) as err:
                    self.trouble = err
                    self._stopping.wait(POLL_SECONDS)
                except Exception as err:  # noqa: BLE001 - a thread's edge: whoever waits for the fabric gets it
                    self._failure = err
                    self._stopping.set()
                with self._moved:
                    self._version = seen
                    self._moved.notify_all()
        self._announcements.close()

    def _patience(self) -> float:
        """How long to wait for a change: not beyond the next boot. Seconds."""
        next_boot = min(self._boots.values(), default=float("inf"))
        return max(0.0, min(LONGEST_WAIT_SECONDS, next_boot - time.monotonic()))

    def _look(self, pool: ThreadPoolExecutor) -> None:
        learned = time.monotonic()
        view = read(self._ec2, self.world, pool)
        self._follow_instances(view, learned)
        wanted = mirror.kernel_routes(view)
        for name, commands in mirror.changes(self._routes, wanted).items():
            namespace.ip(name, commands)
            self._note(name, "; ".join(commands), learned)
        self._routes = wanted

    def _follow_instances(self, view: CloudView, learned: float) -> None:
        for host, state in view.instance_states.items():
            if state in _DOWN:
                self._boots.pop(host, None)
                if host not in self._down:
                    self.network.kill(host)
                    self._down.add(host)
                    self._note(host, f"down: {state}", learned)
            elif state == "running" and host in self._down:
                self._boots.setdefault(host, learned + self.boot_seconds)

    def _boot_due(self) -> None:
        for host, due in list(self._boots.items()):
            if due <= time.monotonic():
                self.network.boot(host)
                del self._boots[host]
                self._down.discard(host)
                self._note(host, "booted", due)

    def _note(self, name: str, what: str, learned: float) -> None:
        self.applied.append(Applied(time.time(), name, what, time.monotonic() - learned))


def _client(endpoint: str) -> EC2Client:
    return boto3.client(
        "ec2",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key="none",  # noqa: S106 - nobody checks it
        config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}),
    )

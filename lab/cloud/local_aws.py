"""Starts the local AWS: MiniStack for everything but EC2, moto with the laboratory's additions for EC2."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3

from lab.cloud import aws_events
from lab.cloud.ec2_controls import Ec2Controls
from lab.cloud.processes import Server, free_port, running
from lab.world import MINISTACK_PORT, MOTO_PORT, REGION

PROJECT: Final = Path(__file__).resolve().parents[2]
DIRECTORY: Final = PROJECT / "build" / "lab"
MINISTACK_PYTHON: Final = PROJECT / "build" / "ministack" / "bin" / "python"
ACCOUNT: Final = "123456789012"
"""moto's account; MiniStack is told to use the same one."""
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The account's root, as MiniStack understands it: may do everything."""
KEPT_VARIABLES: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "UV_CACHE_DIR")


@dataclass(frozen=True, slots=True)
class LocalAws:
    """The running local AWS: where it answers and how to talk to it."""

    endpoint: str
    """MiniStack's URL."""
    ec2_endpoint: str
    """The emulated EC2's URL."""
    directory: Path
    """Logs and temporary files."""
    function_output: Path
    """What the functions print, line by line (see `ministack.function_output`)."""

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make boto3, the AWS CLI and SAM use this AWS as its administrator."""
        return {
            **CREDENTIALS,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_EC2": self.ec2_endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A boto3 client of the administrator's for `service`."""
        endpoint = self.ec2_endpoint if service == "ec2" else self.endpoint
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=endpoint,  # type: ignore[call-overload]
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def say(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Let one of AWS's services say something on the default event bus."""
        aws_events.put(self.endpoint, source, detail_type, detail)

    @property
    def ec2_controls(self) -> Ec2Controls:
        """The laboratory's own controls on the emulated EC2."""
        return Ec2Controls(self.ec2_endpoint)


@dataclass(frozen=True, slots=True)
class Options:
    """How the local AWS is started. A port of 0 takes a free one."""

    bind: str = "127.0.0.1"
    """Where the servers listen."""
    address: str = "127.0.0.1"
    """Where everyone, functions included, is told to reach them."""
    ministack_port: int = MINISTACK_PORT
    moto_port: int = MOTO_PORT
    directory: Path = DIRECTORY
    """Logs and temporary files; one per running local AWS."""
    function_environment: Mapping[str, str] = field(default_factory=dict)
    """Added to what the functions' processes inherit."""
    enforce_permissions: bool = True
    """Hold every function to the policies of its role."""


@contextlib.contextmanager
def local_aws(options: Options | None = None) -> Iterator[LocalAws]:
    """The local AWS, ready; gone with all its processes when the context is left.

    Raises ServerFailedError where a server does not come up, FileNotFoundError where `make setup` has not run.
    """
    options = options or Options()
    if not MINISTACK_PYTHON.exists():
        raise FileNotFoundError(f"{MINISTACK_PYTHON} is missing: run `make setup`")
    ministack_port, moto_port = options.ministack_port or free_port(), options.moto_port or free_port()
    temporary = options.directory / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    output = options.directory / "functions.jsonl"
    output.write_text("")
    where = f"http://{options.address}"
    aws = LocalAws(f"{where}:{ministack_port}", f"{where}:{moto_port}", options.directory, output)
    kept = {k: os.environ[k] for k in KEPT_VARIABLES if k in os.environ}
    common = {**kept, **aws.environment, "TMPDIR": str(temporary)}
    try:
        with running(_moto(options, moto_port, aws, common), _ministack(options, ministack_port, aws, common)):
            yield aws
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _moto(options: Options, port: int, aws: LocalAws, environment: Mapping[str, str]) -> Server:
    arguments: tuple[str, ...] = ("--host", options.bind, "--port", str(port), "--region", REGION)
    arguments += ("--events", aws.endpoint)
    if options.enforce_permissions:
        arguments += ("--permissions", aws.endpoint)
    command = (sys.executable, "-m", "lab.cloud.ec2.server", *arguments)
    log = options.directory / "ec2.log"
    return Server("EC2 (moto)", command, {**environment, "PYTHONPATH": str(PROJECT)}, options.bind, port, log)


def _ministack(options: Options, port: int, aws: LocalAws, environment: Mapping[str, str]) -> Server:
    command = (MINISTACK_PYTHON, PROJECT / "lab" / "cloud" / "ministack" / "entry.py", aws.function_output)
    settings = {
        "AUTH": str(options.enforce_permissions).lower(),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": options.bind,
        "MINISTACK_HOST": options.address,
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PYTHONUNBUFFERED": "1",
    }
    log = options.directory / "ministack.log"
    variables = {**environment, **settings, **options.function_environment}
    return Server("MiniStack", command, variables, options.bind, port, log)

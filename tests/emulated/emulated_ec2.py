"""moto's EC2 in process with the laboratory's additions, on a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from lab.cloud.ec2.emulation import emulated_ec2
from lab.cloud.ec2.refusals import Refusal
from lab.cloud.ec2.timeline import Timeline
from lab.cloud.ec2.world import LabWorld

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

IMAGE: Final = "ami-12c6146b"
"""The image that moto knows (see tests/conftest.py)."""


@dataclass(slots=True)
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class EmulatedEc2:
    client: EC2Client
    lab: LabWorld
    clock: Clock
    calls: list[str] = field(default_factory=list)
    """The names of the changing calls, in order."""

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.lab.timeline.run_due()

    def refuse(self, action: str, code: str) -> None:
        """Refuse the next call of the action."""
        self.lab.refusals.add(Refusal(action, code))

    def forget(self) -> None:
        """Forget the calls so far, and the refusals that nobody met."""
        self.calls.clear()
        self.lab.refusals.clear()

    def lose_the_answer_of(self, operation: str) -> None:
        """Let the next call of the operation act, and its answer never arrive."""
        event = f"after-call.ec2.{operation}"

        def lose(**_: object) -> None:
            self.client.meta.events.unregister(event, lose)
            raise ReadTimeoutError(endpoint_url="https://ec2.example")

        self.client.meta.events.register(event, lose)


@contextmanager
def ec2_in_process() -> Iterator[EmulatedEc2]:
    """Takes about a second: share one among the tests of a module."""
    clock = Clock()
    once = Config(retries={"total_max_attempts": 1})
    with mock_aws(), emulated_ec2(LabWorld(Timeline(clock))) as lab:
        client = boto3.client(
            "ec2", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test", config=once
        )
        world = EmulatedEc2(client, lab, clock)

        def note(model: object, **_: object) -> None:
            name = str(getattr(model, "name", ""))
            if not name.startswith(("Describe", "Get", "Search")):
                world.calls.append(name)

        client.meta.events.register("before-call.ec2.*", note)
        yield world

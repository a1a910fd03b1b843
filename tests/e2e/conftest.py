from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest

from lab.cloud.local_aws import PROJECT
from lab.demo import stories
from lab.laboratory import Laboratory, laboratory
from lab.network.measure import Measurement
from lab.network.pytest_inside import *  # noqa: F403 - the hooks that take these tests into the laboratory
from lab.world import INTERNET, NAT_B, ON_PREMISES, PRIVATE_A, VANTAGE_B, VPN
from tests.e2e import user
from tests.e2e.configuration import stories_yaml
from tests.e2e.stage import Outage, Stage
from tests.e2e.witnesses import InstanceStates, Sightings, following

RATE_HZ = 20
CALM_SECONDS = 3.0


@pytest.fixture(scope="package")
def stage() -> Iterator[Stage]:
    """The deployed application, every target judged, every group on its preferred path; vantage b has no ICMP."""
    with (
        laboratory(
            directory=PROJECT / "build" / "e2e", configuration=stories_yaml, icmp_refused=[VANTAGE_B.name]
        ) as lab,
        contextlib.ExitStack() as stack,
    ):
        sightings = (Sightings(NAT_B, 22), Sightings(VPN, 22))
        instances = InstanceStates(lab.aws)
        stack.enter_context(following(instances.follow, *(one.follow for one in sightings)))
        stories.wake(lab)
        yield Stage(lab, instances, sightings)


@pytest.fixture(scope="package")
def lab(stage: Stage) -> Laboratory:
    return stage.lab


@pytest.fixture(scope="package")
def outage(lab: Laboratory) -> Iterator[Outage]:
    """Direct Connect is cut and NAT instance A hangs, so badly that an ordinary stop hangs, too.

    Before that, rehearsal is paused, EC2 begins to throttle changes of one group's table, another's has lost its
    tag, and the attachment of a third one's standby is gone.
    """
    refused, untagged = lab.world.spare_route_tables
    lab.aws.ec2_controls.set(hanging_stops=[lab.world.instances["nat-a"]])
    lab.aws.ec2_controls.refuse("ReplaceRoute", count=10_000, matching=refused)
    lab.aws.client("ec2").delete_tags(Resources=[untagged], Tags=[{"Key": "routekeeper"}])
    lab.aws.ec2_controls.put_attachment_into(lab.world.attachments["spare"], "deleted")
    assert user.ask(lab, "pause", "rehearsal", **{"for": "10m"})["ok"]
    with (
        Measurement(PRIVATE_A.name, ON_PREMISES.address, RATE_HZ) as dx,
        Measurement(PRIVATE_A.name, INTERNET.address, RATE_HZ) as nat,
    ):
        time.sleep(CALM_SECONDS)
        struck_at = time.time()
        lab.network.dx.cut()
        lab.network.hang("nat-a")
        yield Outage(dx, nat, struck_at)
        lab.aws.ec2_controls.lift_refusals()


@pytest.fixture(scope="package")
def mended(lab: Laboratory, outage: Outage) -> Outage:
    """The line is mended, once traffic has left it."""
    user.await_event(lab, "idc", "failover")
    outage.mended_at = time.time()
    lab.network.dx.mend()
    return outage

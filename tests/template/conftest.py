from typing import Any

import pytest

from tests.template.rendering import render


@pytest.fixture(scope="session")
def stack() -> dict[str, dict[str, Any]]:
    """The smallest deployment: one vantage, nobody to mail, the endpoint exists."""
    return render()


@pytest.fixture(scope="session")
def full_stack() -> dict[str, dict[str, Any]]:
    """Everything that can be chosen."""
    return render(
        VantageSubnetB="subnet-b",
        VantageSubnetC="subnet-c",
        EndpointRouteTables="rtb-a",
        NotificationEmail="on-call@example.com",
        TagValue="office",
        VolumeKeys="arn:aws-cn:kms:cn-north-1:111122223333:key/volumes",
        LogRetentionDays="7",
        VantageIpv6="true",
        Architecture="x86_64",
    )

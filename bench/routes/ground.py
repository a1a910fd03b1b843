"""An emulated EC2 in a process of its own, with route tables that lead to one of two instances."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import boto3

from bench.results_file import DIRECTORY
from lab.cloud.ec2_controls import Ec2Controls
from lab.cloud.processes import Server, running

HOST: Final = "127.0.0.1"
PORT: Final = 4599
REGION: Final = "eu-central-1"
IMAGE: Final = "ami-03cf127a"
DESTINATION: Final = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Ground:
    controls: Ec2Controls
    tables: tuple[str, ...]
    instances: tuple[str, str]


@contextmanager
def ground(tables: int, call_seconds: float) -> Iterator[Ground]:
    """So many tables, all leading to the first instance; every call takes that long."""
    endpoint = f"http://{HOST}:{PORT}"
    os.environ |= {
        "AWS_ENDPOINT_URL_EC2": endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }
    command = [sys.executable, "-m", "lab.cloud.ec2.server", "--host", HOST, "--port", str(PORT), "--region", REGION]
    with running(Server("ec2", command, os.environ, HOST, PORT, DIRECTORY / "routes-ec2.log")):
        ec2 = boto3.client("ec2")
        started = ec2.run_instances(ImageId=IMAGE, MinCount=2, MaxCount=2)["Instances"]
        first, second = (one["InstanceId"] for one in started)
        made = tuple(_table(ec2, started[0]["VpcId"], first) for _ in range(tables))
        controls = Ec2Controls(endpoint)
        controls.set(call_seconds=call_seconds)
        yield Ground(controls, made, (first, second))


def _table(ec2: Any, vpc: str, instance: str) -> str:
    table = str(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=DESTINATION, InstanceId=instance)
    return table

"""Builds and deploys the real SAM application on the local AWS, with the same tool as for the real one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lab.cloud.local_aws import KEPT_VARIABLES, PROJECT, LocalAws
from lab.world import REGION, TAG_VALUE, World

SAM: Final = PROJECT / "build" / "sam" / "bin" / "sam"
STACK: Final = "routekeeper-lab"
CONFIG_VARIABLE: Final = "ROUTEKEEPER_CONFIG"
"""Names the failover.yaml that the layer's build packages."""
POLL_SECONDS: Final = "0.2"
TIMEOUT_SECONDS: Final = 300


class SamFailedError(RuntimeError):
    """`sam` ended with an error; the message holds what it printed."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployed stack."""

    stack: str
    outputs: Mapping[str, str]
    resources: Mapping[str, str] = field(repr=False)
    """Physical ID by logical ID."""


def build(config: Path, *, template: Path = PROJECT / "template.yaml", directory: Path) -> Path:
    """`sam build` with `config` packaged; the built template, under `directory`.

    Raises SamFailedError, also where the configuration does not pass its checks.
    """
    built = directory / "sam"
    _sam(
        ["build", "--template-file", str(template), "--build-dir", str(built)],
        template.parent,
        {CONFIG_VARIABLE: str(config.resolve()), "AWS_DEFAULT_REGION": REGION},
    )
    return built / "template.yaml"


def parameters(world: World, **others: str) -> dict[str, str]:
    """The template's parameters for the laboratory: two vantages, everything tagged, no deletion protection."""
    return {
        "VpcId": world.vpc,
        "VantageSubnetA": world.subnets["vantage-a"],
        "VantageSubnetB": world.subnets["vantage-b"],
        "TagValue": TAG_VALUE,
        "Architecture": "x86_64" if os.uname().machine == "x86_64" else "arm64",
        "DeletionProtection": "false",
        **others,
    }


def deploy(aws: LocalAws, built_template: Path, overrides: Mapping[str, str], *, stack: str = STACK) -> Deployment:
    """`sam deploy` of a built template; what it left behind.

    Raises SamFailedError.
    """
    arguments = ["deploy", "--template-file", str(built_template), "--stack-name", stack, "--region", REGION]
    arguments += ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-progressbar"]
    arguments += ["--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    if overrides:
        arguments += ["--parameter-overrides", *(f"{name}={value}" for name, value in overrides.items())]
    _sam(arguments, built_template.parent, aws.environment)
    return deployed(aws, stack)


def deployed(aws: LocalAws, stack: str = STACK) -> Deployment:
    """The stack as CloudFormation knows it; botocore's ClientError where there is none."""
    cloudformation = aws.client("cloudformation")
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return Deployment(
        stack,
        {o["OutputKey"]: o["OutputValue"] for o in outputs},
        {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in resources},
    )


def _sam(arguments: list[str], directory: Path, environment: Mapping[str, str]) -> None:
    kept = {k: os.environ[k] for k in KEPT_VARIABLES if k in os.environ}
    settings = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": POLL_SECONDS, "AWS_EC2_METADATA_DISABLED": "true"}
    try:
        done = subprocess.run(
            [str(SAM), *arguments],
            cwd=directory,
            env={**kept, **settings, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError as err:
        raise SamFailedError(f"{SAM} is missing: run `make setup`") from err
    except subprocess.TimeoutExpired as err:
        raise SamFailedError(f"sam {arguments[0]} took more than {TIMEOUT_SECONDS} s:\n{err.output}") from err
    if done.returncode:
        raise SamFailedError(f"sam {arguments[0]} ended with {done.returncode}:\n{done.stdout}")

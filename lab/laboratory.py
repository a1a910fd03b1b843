"""The whole laboratory: network, local AWS, fabric and the deployed application, up and down in one context."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab import host
from lab.cloud import user_view
from lab.cloud.deployment import Deployment, build, deploy, parameters
from lab.cloud.embedded_metrics import metrics_bridge
from lab.cloud.local_aws import DIRECTORY, PROJECT, LocalAws, Options, local_aws
from lab.cloud.seed import seed
from lab.cloud.user_view import Inbox
from lab.configuration import failover_yaml
from lab.network.fabric import BOOT_SECONDS, Fabric
from lab.network.network import Network
from lab.world import AWS_SERVICE_ADDRESS, World

WORKER: Final = PROJECT / "lab" / "network" / "worker"
PLACES: Final = {"-monitor-a": "vantage-a", "-monitor-b": "vantage-b"}
"""The namespace that a function's process belongs into, by part of the function's name."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Laboratory:
    """Everything that is running."""

    network: Network
    aws: LocalAws
    world: World
    fabric: Fabric
    deployment: Deployment
    inbox: Inbox

    def function(self, name: str) -> str:
        """The full name of one of the application's functions, e.g. `operator`."""
        return f"{self.deployment.stack}-{name}"

    def ask(self, **payload: Any) -> Any:
        """Invoke the operator function, as `aws lambda invoke` would; its answer."""
        return user_view.invoke(self.aws, self.function("operator"), payload)


@contextlib.contextmanager
def laboratory(
    progress: Progress = lambda _: None,
    *,
    directory: Path = DIRECTORY,
    configuration: Callable[[World], str] = failover_yaml,
    boot_seconds: float = BOOT_SECONDS,
    icmp_refused: Collection[str] = (),
) -> Iterator[Laboratory]:
    """The laboratory with the application deployed; when the context is left, nothing of it remains.

    `icmp_refused` names vantages in which nobody may open an ICMP socket, as Lambda may have it.
    Raises HostError outside of the namespaces, ServerFailedError, SamFailedError, NetworkError.
    """
    host.require_inside()
    functions = {"PYTHONPATH": str(WORKER), "ROUTEKEEPER_FUNCTION_NAMESPACES": json.dumps(PLACES)}
    options = Options("0.0.0.0", AWS_SERVICE_ADDRESS, directory=directory, function_environment=functions)
    progress("building the network")
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(Network(icmp_refused=icmp_refused))
        progress("starting the local AWS")
        aws = stack.enter_context(local_aws(options))
        world = seed(aws)
        fabric = stack.enter_context(Fabric(network, aws.ec2_endpoint, world, boot_seconds=boot_seconds))
        fabric.synchronise()
        file = directory / "failover.yaml"
        file.write_text(configuration(world))
        progress("sam build")
        template = build(file, directory=directory)
        progress("sam deploy")
        stack.enter_context(metrics_bridge(aws))
        deployment = deploy(aws, template, parameters(world))
        inbox = user_view.open_inbox(aws, deployment.resources["Topic"], "routekeeper")
        yield Laboratory(network, aws, world, fabric, deployment, inbox)

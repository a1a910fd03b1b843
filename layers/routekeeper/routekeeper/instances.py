"""EC2 instances: their state, and stopping and starting them."""

from __future__ import annotations

from typing import Protocol

from routekeeper.domain.restart import Action, InstanceState


class Instances(Protocol):
    """Raises throughout Ec2Error: EC2 refused or did not answer."""

    def state(self, instance: str) -> InstanceState: ...
    def act(self, instance: str, action: Action) -> None:
        """Ask for a stop, a forced stop or a start; returns once EC2 has accepted, not once it is done."""

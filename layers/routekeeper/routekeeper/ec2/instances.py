"""EC2 instances: their state, and stopping and starting them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, assert_never

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.restart import Action, InstanceState
from routekeeper.ec2.errors import UNKNOWN_STATE, translated

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


class Instances(Protocol):
    """Raises throughout Ec2Error: EC2 refused or did not answer."""

    def state(self, instance: str) -> InstanceState: ...
    def act(self, instance: str, action: Action) -> None:
        """Ask for a stop, a forced stop or a start; returns once EC2 has accepted, not once it is done."""


EFFECT: Final = {
    Action.STOP: frozenset({InstanceState.STOPPING, InstanceState.STOPPED}),
    # Whether a stop that is under way is a forced one cannot be seen.
    Action.FORCE_STOP: frozenset({InstanceState.STOPPED}),
    Action.START: frozenset({InstanceState.PENDING, InstanceState.RUNNING}),
}
"""The states in which an action shows."""


class Ec2Instances:
    """Implements `Instances`.

    The client should give up soon and make one attempt only, for the restarter asks again every few seconds
    (`bootstrap.clients`). Safe to use from several threads, as the client is.
    """

    def __init__(self, ec2: EC2Client) -> None:
        self._ec2 = ec2

    def state(self, instance: str) -> InstanceState:
        """The instance's state. One that EC2 does not know counts as terminated.

        EC2 forgets an instance about an hour after its termination ("Terminate Amazon EC2 instances", Amazon EC2 user
        guide), and a restart that waits for such a one must come to its end.

        Raises:
            Ec2Error: EC2 refused, did not answer, or answered with an unknown state.
        """
        try:
            with translated("DescribeInstances", instance):
                answer = self._ec2.describe_instances(InstanceIds=[instance])
        except Ec2Error as err:
            if err.code == "InvalidInstanceID.NotFound":
                return InstanceState.TERMINATED
            raise
        states = [found["State"]["Name"] for r in answer["Reservations"] for found in r.get("Instances", [])]
        try:
            return InstanceState(states[0])
        except (IndexError, ValueError) as err:
            raise Ec2Error(f"DescribeInstances on {instance} told the states {states}", UNKNOWN_STATE) from err

    def act(self, instance: str, action: Action) -> None:
        """Ask for the action. A refusal or silence counts for nothing where the action's effect already shows.

        Raises:
            Ec2Error: EC2 refused or did not answer, and no effect shows.
        """
        try:
            self._ask(instance, action)
        except Ec2Error:
            if not self._shows(instance, action):
                raise

    def _ask(self, instance: str, action: Action) -> None:
        match action:
            case Action.STOP:
                with translated("StopInstances", instance):
                    self._ec2.stop_instances(InstanceIds=[instance])
            case Action.FORCE_STOP:
                # Allowed while `stopping` too: that is its purpose ("Troubleshoot Amazon EC2 instance stop issues").
                with translated("StopInstances with Force", instance):
                    self._ec2.stop_instances(InstanceIds=[instance], Force=True)
            case Action.START:
                with translated("StartInstances", instance):
                    self._ec2.start_instances(InstanceIds=[instance])
            case _:
                assert_never(action)

    def _shows(self, instance: str, action: Action) -> bool:
        try:
            return self.state(instance) in EFFECT[action]
        except Ec2Error:
            # Report the refusal that led here; the failed re-read adds nothing.
            return False

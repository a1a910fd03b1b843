"""EC2 instances: their state, and stopping and starting them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, assert_never

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.restart import Action, InstanceState
from routekeeper.ec2.errors import UNKNOWN_STATE, translated

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


class Instances(Protocol):
    """Every method raises Ec2Error if EC2 refuses or does not answer."""

    def state(self, instance: str) -> InstanceState: ...
    def act(self, instance: str, action: Action) -> None:
        """Ask for a stop, a forced stop or a start. Returns once EC2 has accepted, which is before it is done."""


EFFECT: Final = {
    Action.STOP: frozenset({InstanceState.STOPPING, InstanceState.STOPPED}),
    # EC2 does not show whether a stop that is under way is a forced one.
    Action.FORCE_STOP: frozenset({InstanceState.STOPPED}),
    Action.START: frozenset({InstanceState.PENDING, InstanceState.RUNNING}),
}
"""The states in which an action shows."""


class Ec2Instances:
    """Implements `Instances`.

    The client should give up soon and make only one attempt, because the restarter asks again every few seconds
    (`bootstrap.clients`). It is safe to use from several threads, as the client is.
    """

    def __init__(self, ec2: EC2Client) -> None:
        self._ec2 = ec2

    def state(self, instance: str) -> InstanceState:
        """The instance's state. An instance that EC2 does not know counts as terminated.

        EC2 forgets an instance some time after its termination ("Terminate Amazon EC2 instances", Amazon EC2 user
        guide), and a restart that waits for it must come to an end.

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
        """Ask for the action. A refusal or silence does not matter if the action's effect already shows.

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
                # Also allowed while `stopping`, which is its purpose ("Troubleshoot Amazon EC2 instance stop issues").
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

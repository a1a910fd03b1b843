"""Instances that take their time: stopping, then stopped; pending, then running; and stops that hang.

Every state is told of when it is entered, as EC2 tells EventBridge.

Which states allow which call: "Amazon EC2 instance state changes" in the Amazon EC2 user guide; the refusals are
those of "Error codes for the Amazon EC2 API".
"""

from __future__ import annotations

import functools
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, OperationNotPermitted4
from moto.ec2.responses._base_response import EC2BaseResponse

from lab.cloud.ec2.refusals import WITHOUT_CAPACITY
from lab.cloud.ec2.world import LabWorld

STOP_PROTECTED = "The instance '{}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
ONE_TIME_SPOT = (
    "You can't stop the Spot Instance '{}' because it is associated with a one-time Spot Instance request. You can "
    "only stop Spot Instances associated with persistent Spot Instance requests."
)
NO_CAPACITY = (
    "We currently do not have sufficient {kind} capacity in the Availability Zone you requested ({zone}). Our system "
    "will be working on provisioning additional capacity."
)
"""EC2's words, as people have reported them (cloud-custodian 8007, 8003 and 5235)."""
CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


class InstanceActions(EC2BaseResponse):
    """Actions that replace moto's own, which are over at once."""

    lab: LabWorld

    def stop_instances(self) -> ActionResult:
        """StopInstances; with Force it also ends a stop that hangs.

        Every spot instance counts as one of a one-time request, because moto does not keep which kind it was.
        """
        force = self._get_bool_param("Force", False)
        instances = self._asked_for()
        for instance in instances:
            if instance.disable_api_stop:
                raise EC2ClientError("OperationNotPermitted", STOP_PROTECTED.format(instance.id))
            if instance.lifecycle == "spot" or instance.id in self.lab.settings.one_time_spot:
                raise EC2ClientError("UnsupportedOperation", ONE_TIME_SPOT.format(instance.id))
            _refuse_unless(instance, "stopped", {"running", "stopping", "stopped"})
        self.error_on_dryrun()
        return ActionResult({"StoppingInstances": [self._stop(i, force) for i in instances]})

    def start_instances(self) -> ActionResult:
        """StartInstances."""
        instances = self._asked_for()
        for instance in instances:
            _refuse_unless(instance, "started", {"stopped", "pending", "running"})
            if instance.state == "stopped" and instance.id in self.lab.settings.without_capacity:
                kind, zone = instance.instance_type, instance.placement.zone
                raise EC2ClientError(WITHOUT_CAPACITY, NO_CAPACITY.format(kind=kind, zone=zone))
        self.error_on_dryrun()
        return ActionResult({"StartingInstances": [self._start(i) for i in instances]})

    def terminate_instances(self) -> ActionResult:
        """TerminateInstances."""
        instances = self._asked_for()
        for instance in instances:
            if instance.disable_api_termination:
                raise OperationNotPermitted4(instance.id)
        self.error_on_dryrun()
        return ActionResult({"TerminatingInstances": [self._terminate(i) for i in instances]})

    def _asked_for(self) -> list[Any]:
        return list(self.ec2_backend.get_multi_instances_by_id(self._get_param("InstanceIds", [])))

    def _stop(self, instance: Any, force: bool) -> dict[str, Any]:
        before = instance.state
        if before == "running" or (before == "stopping" and force):
            self._enter(instance, "stopping")
            hangs = instance.id in self.lab.settings.hanging_stops and not force
            if not hangs:
                self._then(instance, self.lab.settings.stop_seconds, instance.stop)
        return _change(instance, before)

    def _start(self, instance: Any) -> dict[str, Any]:
        before = instance.state
        if before == "stopped":
            self._enter(instance, "pending")
            self._then(instance, self.lab.settings.start_seconds, instance.start)
        return _change(instance, before)

    def _terminate(self, instance: Any) -> dict[str, Any]:
        before = instance.state
        if before not in ("shutting-down", "terminated"):
            self._enter(instance, "shutting-down")
            self.lab.in_transition.discard(instance.id)  # a stop that is under way ends in nothing
            self._then(instance, self.lab.settings.stop_seconds, instance.terminate)
        return _change(instance, before)

    def _enter(self, instance: Any, state: str) -> None:
        if instance.state != state:  # a stop that is forced is one and the same stop
            instance._state.name, instance._state.code = state, CODES[state]
            self.lab.tell(instance.id, state)

    def _then(self, instance: Any, seconds: float, finish: Any) -> None:
        """Run `finish` after `seconds`, unless the transition's end is under way already (asked for twice, say)."""
        if instance.id not in self.lab.in_transition:
            self.lab.in_transition.add(instance.id)
            what = f"instance {instance.id}: {instance.state} is over"
            self.lab.later(seconds, what, functools.partial(_finish, self.lab, instance, instance.state, finish))


def _finish(lab: LabWorld, instance: Any, state: str, finish: Any) -> bool:
    if instance.state != state:
        return False  # terminated meanwhile
    lab.in_transition.discard(instance.id)
    finish()
    lab.tell(instance.id, instance.state)
    return True


def _change(instance: Any, before: str) -> dict[str, Any]:
    return {
        "InstanceId": instance.id,
        "CurrentState": {"Code": CODES[instance.state], "Name": instance.state},
        "PreviousState": {"Code": CODES[before], "Name": before},
    }


def _refuse_unless(instance: Any, verb: str, allowed: set[str]) -> None:
    if instance.state not in allowed:
        raise EC2ClientError(
            "IncorrectInstanceState", f"The instance '{instance.id}' is not in a state from which it can be {verb}."
        )

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.restart import Action, InstanceState
from routekeeper.ec2.instances import Ec2Instances
from tests.emulated.emulated_ec2 import IMAGE, EmulatedEc2, ec2_in_process

STOP_SECONDS = START_SECONDS = 5.0


@pytest.fixture(scope="module")
def ec2() -> Iterator[EmulatedEc2]:
    with ec2_in_process() as ec2:
        yield ec2


@pytest.fixture
def nat(ec2: EmulatedEc2) -> str:
    nat = ec2.client.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.wait(START_SECONDS)
    ec2.forget()
    return nat


@pytest.fixture
def instances(ec2: EmulatedEc2) -> Ec2Instances:
    return Ec2Instances(ec2.client)


def test_a_stop_and_a_start_are_accepted_at_once_and_show_their_states(
    ec2: EmulatedEc2, nat: str, instances: Ec2Instances
) -> None:
    seen = [instances.state(nat)]
    instances.act(nat, Action.STOP)
    seen.append(instances.state(nat))
    ec2.wait(STOP_SECONDS)
    seen.append(instances.state(nat))
    instances.act(nat, Action.START)
    seen.append(instances.state(nat))
    ec2.wait(START_SECONDS)
    seen.append(instances.state(nat))

    assert [state.value for state in seen] == ["running", "stopping", "stopped", "pending", "running"]


def test_a_forced_stop_ends_a_stop_that_hangs(ec2: EmulatedEc2, nat: str, instances: Ec2Instances) -> None:
    ec2.lab.settings = replace(ec2.lab.settings, hanging_stops=(nat,))
    instances.act(nat, Action.STOP)
    ec2.wait(10 * STOP_SECONDS)
    assert instances.state(nat) is InstanceState.STOPPING

    instances.act(nat, Action.FORCE_STOP)
    ec2.wait(STOP_SECONDS)

    assert instances.state(nat) is InstanceState.STOPPED


@pytest.mark.parametrize("action", [Action.STOP, Action.START])
def test_an_action_is_repeated_without_harm(nat: str, instances: Ec2Instances, action: Action) -> None:
    instances.act(nat, action)
    once = instances.state(nat)

    instances.act(nat, action)

    assert instances.state(nat) is once


@pytest.mark.parametrize(("action", "operation"), [(Action.STOP, "StopInstances"), (Action.START, "StartInstances")])
def test_an_incorrect_state_is_a_success_where_the_effect_already_shows(
    ec2: EmulatedEc2, nat: str, instances: Ec2Instances, action: Action, operation: str
) -> None:
    instances.act(nat, action)
    ec2.refuse(operation, "IncorrectInstanceState")

    instances.act(nat, action)

    assert ec2.calls == [operation, operation]


def test_a_start_of_an_instance_that_is_stopping_is_refused(nat: str, instances: Ec2Instances) -> None:
    instances.act(nat, Action.STOP)

    with pytest.raises(Ec2Error, match=f"StartInstances on {nat}") as raised:
        instances.act(nat, Action.START)

    assert raised.value.code == "IncorrectInstanceState"


def test_a_start_without_capacity_is_refused_for_now_and_accepted_once_there_is_some(
    ec2: EmulatedEc2, nat: str, instances: Ec2Instances
) -> None:
    instances.act(nat, Action.STOP)
    ec2.wait(STOP_SECONDS)
    ec2.lab.settings = replace(ec2.lab.settings, without_capacity=(nat,))

    with pytest.raises(Ec2Error, match="do not have sufficient") as raised:
        instances.act(nat, Action.START)

    assert (raised.value.code, raised.value.final) == ("InsufficientInstanceCapacity", False)
    ec2.lab.settings = replace(ec2.lab.settings, without_capacity=())
    instances.act(nat, Action.START)


@pytest.mark.parametrize("action", [Action.STOP, Action.FORCE_STOP])
def test_a_stop_that_is_never_allowed_is_refused_for_good(
    ec2: EmulatedEc2, nat: str, instances: Ec2Instances, action: Action
) -> None:
    ec2.lab.settings = replace(ec2.lab.settings, one_time_spot=(nat,))
    with pytest.raises(Ec2Error, match="one-time Spot Instance request") as spot:
        instances.act(nat, action)
    ec2.lab.settings = replace(ec2.lab.settings, one_time_spot=())
    ec2.client.modify_instance_attribute(InstanceId=nat, DisableApiStop={"Value": True})
    with pytest.raises(Ec2Error, match="may not be stopped") as protected:
        instances.act(nat, action)

    assert (spot.value.code, spot.value.final) == ("UnsupportedOperation", True)
    assert (protected.value.code, protected.value.final) == ("OperationNotPermitted", True)


def test_a_stop_that_acted_and_was_never_answered_is_a_success(
    ec2: EmulatedEc2, nat: str, instances: Ec2Instances
) -> None:
    ec2.lose_the_answer_of("StopInstances")

    instances.act(nat, Action.STOP)

    assert instances.state(nat) is InstanceState.STOPPING


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "UnauthorizedOperation"])
def test_a_refused_stop_is_an_error_that_names_operation_and_instance(
    ec2: EmulatedEc2, nat: str, instances: Ec2Instances, code: str
) -> None:
    ec2.refuse("StopInstances", code)

    with pytest.raises(Ec2Error, match=f"StopInstances on {nat} was refused: {code}") as raised:
        instances.act(nat, Action.STOP)

    assert raised.value.code == code
    assert instances.state(nat) is InstanceState.RUNNING


def test_the_refusal_is_told_even_where_the_state_cannot_be_read_afterwards(
    ec2: EmulatedEc2, nat: str, instances: Ec2Instances
) -> None:
    ec2.refuse("StopInstances", "UnauthorizedOperation")
    ec2.refuse("DescribeInstances", "RequestLimitExceeded")

    with pytest.raises(Ec2Error) as raised:
        instances.act(nat, Action.STOP)

    assert raised.value.code == "UnauthorizedOperation"


def test_an_instance_that_ec2_does_not_know_counts_as_terminated(instances: Ec2Instances) -> None:
    assert instances.state("i-0123456789abcdef0") is InstanceState.TERMINATED


def test_a_state_that_cannot_be_read_is_an_error(ec2: EmulatedEc2, nat: str, instances: Ec2Instances) -> None:
    ec2.refuse("DescribeInstances", "RequestLimitExceeded")

    with pytest.raises(Ec2Error, match=f"DescribeInstances on {nat}"):
        instances.state(nat)


@pytest.mark.parametrize("told", [[], [{"Instances": [{"State": {"Name": "hibernating"}}]}]])
def test_an_answer_without_a_known_state_is_an_error_and_not_a_guess(
    ec2: EmulatedEc2, instances: Ec2Instances, told: list[Any]
) -> None:
    with Stubber(ec2.client) as stub:
        stub.add_response("describe_instances", {"Reservations": told})
        with pytest.raises(Ec2Error, match="DescribeInstances on i-1") as raised:
            instances.state("i-1")

    assert raised.value.code == "UnknownState"

"""What EC2 refuses until somebody changes something, in its own words, and what routes to vanished things look like."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lab.cloud.conftest import ANYWHERE, Emulation, Gateway, Site, default_route, refusal, state
from tests.lab.cloud.test_prefix_list_references import create, references, route


def replace(emulation: Emulation, site: Site, **target: str) -> None:
    emulation.ec2.replace_route(RouteTableId=site.table, DestinationCidrBlock=ANYWHERE, **target)


def words(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Message"])


def another_interface(emulation: Emulation, site: Site, instance: str) -> tuple[str, str]:
    """A second interface of the instance, and its attachment."""
    ec2 = emulation.ec2
    subnet = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    attached = ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=instance, DeviceIndex=1)
    return interface, attached["AttachmentId"]


def change(emulation: Emulation, **settings: Any) -> None:
    emulation.lab.settings = emulation.lab.settings.changed(settings)


# --- NAT gateways and network interfaces


def test_a_deleted_nat_gateway_takes_no_route_and_the_old_one_is_a_blackhole(emulation: Emulation, site: Site) -> None:
    replace(emulation, site, NatGatewayId=site.nat_gateway)
    emulation.ec2.delete_nat_gateway(NatGatewayId=site.nat_gateway)
    shown = default_route(emulation, site)
    assert (shown["NatGatewayId"], shown["State"]) == (site.nat_gateway, "blackhole")
    with pytest.raises(ClientError) as error:
        replace(emulation, site, NatGatewayId=site.nat_gateway)
    assert refusal(error) == "InvalidNatGatewayID.NotFound"
    assert words(error) == f"The natGateway ID '{site.nat_gateway}' does not exist"


def test_a_detached_interface_is_a_blackhole_and_a_deleted_one_takes_no_route(emulation: Emulation, site: Site) -> None:
    interface, attachment = another_interface(emulation, site, site.second)
    replace(emulation, site, NetworkInterfaceId=interface)
    assert default_route(emulation, site)["State"] == "active"
    emulation.ec2.detach_network_interface(AttachmentId=attachment)
    shown = default_route(emulation, site)
    assert (shown["NetworkInterfaceId"], shown["State"], "InstanceId" in shown) == (interface, "blackhole", False)

    emulation.ec2.delete_network_interface(NetworkInterfaceId=interface)
    assert default_route(emulation, site)["State"] == "blackhole"
    with pytest.raises(ClientError) as error:
        replace(emulation, site, NetworkInterfaceId=interface)
    assert refusal(error) == "InvalidNetworkInterfaceID.NotFound"


# --- instances


def test_an_instance_with_several_interfaces_takes_no_new_route_and_its_old_one_works(
    emulation: Emulation, site: Site
) -> None:
    _, attachment = another_interface(emulation, site, site.first)
    assert default_route(emulation, site)["State"] == "active"
    with pytest.raises(ClientError) as error:
        replace(emulation, site, InstanceId=site.first)
    assert refusal(error) == "InvalidInstanceID"
    assert words(error) == (
        f"There are multiple interfaces attached to instance '{site.first}'. "
        "Please specify an interface ID for the operation instead."
    )
    replace(emulation, site, NetworkInterfaceId=site.first_interface)

    emulation.ec2.detach_network_interface(AttachmentId=attachment)
    replace(emulation, site, InstanceId=site.first)


def test_a_terminated_instance_takes_no_route_and_its_old_one_names_only_the_vanished_interface(
    emulation: Emulation, site: Site
) -> None:
    shown = default_route(emulation, site)
    assert (shown["InstanceId"], shown["NetworkInterfaceId"]) == (site.first, site.first_interface)
    assert shown["InstanceOwnerId"]

    emulation.ec2.terminate_instances(InstanceIds=[site.first])
    emulation.wait(60)
    shown = default_route(emulation, site)
    assert (shown["State"], shown["NetworkInterfaceId"]) == ("blackhole", site.first_interface)
    assert not {"InstanceId", "InstanceOwnerId"} & set(shown)
    with pytest.raises(ClientError) as error:
        replace(emulation, site, InstanceId=site.first)
    assert refusal(error) == "InvalidInstanceID"
    assert words(error) == f"The terminated instance '{site.first}' is not in a valid state for this operation."


@pytest.mark.parametrize("force", [False, True])
def test_a_one_time_spot_instance_is_never_stopped(emulation: Emulation, site: Site, force: bool) -> None:
    change(emulation, one_time_spot=[site.first])
    with pytest.raises(ClientError) as error:
        emulation.ec2.stop_instances(InstanceIds=[site.first], Force=force)
    assert refusal(error) == "UnsupportedOperation"
    assert words(error).startswith(f"You can't stop the Spot Instance '{site.first}' because it is associated with")
    assert state(emulation, site.first) == "running"


def test_what_was_launched_as_a_spot_instance_is_never_stopped(emulation: Emulation) -> None:
    answer = emulation.ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, InstanceMarketOptions={"MarketType": "spot"}
    )
    with pytest.raises(ClientError) as error:
        emulation.ec2.stop_instances(InstanceIds=[answer["Instances"][0]["InstanceId"]])
    assert refusal(error) == "UnsupportedOperation"


@pytest.mark.parametrize("force", [False, True])
def test_a_protected_instance_is_stopped_once_the_protection_is_taken_off(
    emulation: Emulation, site: Site, force: bool
) -> None:
    emulation.ec2.modify_instance_attribute(InstanceId=site.first, DisableApiStop={"Value": True})
    with pytest.raises(ClientError) as error:
        emulation.ec2.stop_instances(InstanceIds=[site.first], Force=force)
    assert refusal(error) == "OperationNotPermitted"
    assert words(error).startswith(f"The instance '{site.first}' may not be stopped. Modify its 'disableApiStop'")

    emulation.ec2.modify_instance_attribute(InstanceId=site.first, DisableApiStop={"Value": False})
    emulation.ec2.stop_instances(InstanceIds=[site.first], Force=force)
    assert state(emulation, site.first) == "stopping"


def test_an_instance_is_not_started_before_there_is_capacity_again(emulation: Emulation, site: Site) -> None:
    emulation.ec2.stop_instances(InstanceIds=[site.first])
    emulation.wait(60)
    change(emulation, without_capacity=[site.first])
    for _ in range(2):
        with pytest.raises(ClientError) as error:
            emulation.ec2.start_instances(InstanceIds=[site.first])
        assert refusal(error) == "InsufficientInstanceCapacity"
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert "capacity in the Availability Zone you requested" in words(error)
        emulation.wait(1800)
    assert state(emulation, site.first) == "stopped"

    change(emulation, without_capacity=[])
    emulation.ec2.start_instances(InstanceIds=[site.first])
    emulation.wait(30)
    assert state(emulation, site.first) == "running"


# --- quotas


def test_a_full_route_table_takes_no_new_route_and_lets_old_ones_be_replaced(emulation: Emulation, site: Site) -> None:
    change(emulation, routes_per_table=3)  # the local one, the default one, and one more
    which = {"RouteTableId": site.table, "InstanceId": site.first}
    emulation.ec2.create_route(**which, DestinationCidrBlock="10.8.0.0/16")
    with pytest.raises(ClientError) as error:
        emulation.ec2.create_route(**which, DestinationCidrBlock="10.9.0.0/16")
    assert refusal(error) == "RouteLimitExceeded"
    replace(emulation, site, InstanceId=site.second)

    change(emulation, routes_per_table=4)
    emulation.ec2.create_route(**which, DestinationCidrBlock="10.9.0.0/16")


def test_a_prefix_list_counts_with_its_maximum_of_entries(emulation: Emulation, site: Site, gateway: Gateway) -> None:
    which = {"RouteTableId": site.table, "InstanceId": site.first, "DestinationPrefixListId": gateway.prefix_list}
    change(emulation, routes_per_table=6)
    with pytest.raises(ClientError) as error:
        emulation.ec2.create_route(**which)
    assert refusal(error) == "RouteLimitExceeded"
    change(emulation, routes_per_table=7)  # two and five
    emulation.ec2.create_route(**which)


# --- attachments and prefix lists


@pytest.mark.parametrize("attached", ["pendingAcceptance", "rejected", "failed", "deleting"])
def test_an_attachment_that_is_not_to_be_used_takes_no_reference_until_it_is(
    emulation: Emulation, gateway: Gateway, attached: str
) -> None:
    put_into(emulation, gateway.far, attached)
    with pytest.raises(ClientError) as error:
        create(emulation, gateway)
    assert refusal(error) == "IncorrectState"
    assert gateway.far in words(error)
    assert attached in words(error)

    put_into(emulation, gateway.far, "available")
    create(emulation, gateway)


def test_a_deleted_attachment_takes_no_reference_and_the_old_one_is_a_blackhole(
    emulation: Emulation, gateway: Gateway
) -> None:
    create(emulation, gateway)
    emulation.wait(2)
    emulation.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=gateway.far)

    [shown] = references(emulation, gateway)
    assert (shown["State"], shown["Blackhole"], "TransitGatewayAttachment" in shown) == ("available", True, False)
    found = route(emulation, gateway)
    assert found is not None
    assert found["State"] == "blackhole"
    assert route(emulation, gateway, "10.1.0.0/16") is None, "nothing is propagated from it any more"
    with pytest.raises(ClientError) as error:
        modify(emulation, gateway, gateway.far)
    assert refusal(error) == "InvalidTransitGatewayAttachmentID.NotFound"
    modify(emulation, gateway, gateway.near)


def test_a_static_route_to_a_deleted_attachment_is_a_blackhole(emulation: Emulation, gateway: Gateway) -> None:
    emulation.ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=gateway.table,
        DestinationCidrBlock="10.3.0.0/18",
        TransitGatewayAttachmentId=gateway.far,
    )
    put_into(emulation, gateway.far, "deleted")
    found = route(emulation, gateway)
    assert found is not None
    assert (found["Type"], found["State"]) == ("static", "blackhole")


def test_a_deleted_prefix_list_takes_no_route_and_no_reference_and_has_no_entries(
    emulation: Emulation, site: Site, gateway: Gateway
) -> None:
    prefix_list = gateway.prefix_list
    emulation.ec2.delete_managed_prefix_list(PrefixListId=prefix_list)
    with pytest.raises(ClientError) as of_reference:
        create(emulation, gateway)
    with pytest.raises(ClientError) as of_route:
        emulation.ec2.create_route(RouteTableId=site.table, DestinationPrefixListId=prefix_list, InstanceId=site.first)
    with pytest.raises(ClientError) as of_entries:
        emulation.ec2.get_managed_prefix_list_entries(PrefixListId=prefix_list)
    for error in (of_reference, of_route, of_entries):
        assert refusal(error) == "InvalidPrefixListID.NotFound"
        assert words(error) == f"The prefix list ID '{prefix_list}' does not exist"


def put_into(emulation: Emulation, attachment: str, wanted: str) -> None:
    """What only AWS or another account does to an attachment."""
    backends: Any = emulation.backend
    backends.transit_gateway_attachments[attachment].state = wanted


def modify(emulation: Emulation, gateway: Gateway, attachment: str) -> None:
    emulation.ec2.modify_transit_gateway_prefix_list_reference(
        TransitGatewayRouteTableId=gateway.table,
        PrefixListId=gateway.prefix_list,
        TransitGatewayAttachmentId=attachment,
    )

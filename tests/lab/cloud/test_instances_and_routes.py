from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.lab.cloud.conftest import ANYWHERE, Emulation, Site, default_route, refusal, state


def test_an_instance_stops_and_starts_in_its_own_time(emulation: Emulation, site: Site) -> None:
    emulation.ec2.stop_instances(InstanceIds=[site.first])
    assert state(emulation, site.first) == "stopping"
    emulation.wait(60)
    assert state(emulation, site.first) == "stopped"

    emulation.ec2.start_instances(InstanceIds=[site.first])
    assert state(emulation, site.first) == "pending"
    emulation.wait(30)
    assert state(emulation, site.first) == "running"


def test_a_route_to_an_instance_turns_into_a_black_hole_only_once_it_has_stopped(
    emulation: Emulation, site: Site
) -> None:
    emulation.ec2.stop_instances(InstanceIds=[site.first])
    assert default_route(emulation, site)["State"] == "active"
    emulation.wait(60)
    assert default_route(emulation, site)["State"] == "blackhole"


def test_a_route_to_a_terminated_instance_is_a_black_hole(emulation: Emulation, site: Site) -> None:
    emulation.ec2.terminate_instances(InstanceIds=[site.first])
    assert (state(emulation, site.first), default_route(emulation, site)["State"]) == ("shutting-down", "active")
    emulation.wait(60)
    assert default_route(emulation, site)["State"] == "blackhole"


def test_every_state_that_an_instance_enters_is_told_once_and_in_order(emulation: Emulation, site: Site) -> None:
    told: list[tuple[str, str]] = []
    emulation.lab.tell = lambda instance, state: told.append((instance, state))
    emulation.ec2.stop_instances(InstanceIds=[site.first])
    emulation.ec2.stop_instances(InstanceIds=[site.first], Force=True)
    emulation.wait(60)
    emulation.ec2.start_instances(InstanceIds=[site.first])
    emulation.wait(30)
    emulation.ec2.terminate_instances(InstanceIds=[site.first])
    emulation.wait(60)
    course = ["stopping", "stopped", "pending", "running", "shutting-down", "terminated"]
    assert told == [(site.first, state) for state in course]


def test_a_hanging_stop_ends_with_force_only(emulation: Emulation, site: Site) -> None:
    emulation.lab.settings = emulation.lab.settings.changed({"hanging_stops": [site.first]})
    emulation.ec2.stop_instances(InstanceIds=[site.first, site.second])
    emulation.wait(3600)
    assert (state(emulation, site.first), state(emulation, site.second)) == ("stopping", "stopped")

    emulation.ec2.stop_instances(InstanceIds=[site.first])
    emulation.wait(3600)
    assert state(emulation, site.first) == "stopping"

    emulation.ec2.stop_instances(InstanceIds=[site.first], Force=True)
    emulation.wait(60)
    assert state(emulation, site.first) == "stopped"


def test_forcing_a_stop_again_and_again_does_not_put_off_its_end(emulation: Emulation, site: Site) -> None:
    emulation.lab.settings = emulation.lab.settings.changed({"hanging_stops": [site.first]})
    emulation.ec2.stop_instances(InstanceIds=[site.first])
    for _ in range(3):
        emulation.ec2.stop_instances(InstanceIds=[site.first], Force=True)
        emulation.wait(20)
    assert state(emulation, site.first) == "stopped"


def test_a_stopping_instance_that_is_terminated_stays_terminated(emulation: Emulation, site: Site) -> None:
    emulation.ec2.stop_instances(InstanceIds=[site.first])
    emulation.wait(30)
    emulation.ec2.terminate_instances(InstanceIds=[site.first])
    emulation.wait(59)
    assert state(emulation, site.first) == "shutting-down"
    emulation.wait(1)
    assert state(emulation, site.first) == "terminated"


def test_a_stopping_instance_cannot_be_started(emulation: Emulation, site: Site) -> None:
    emulation.ec2.stop_instances(InstanceIds=[site.first])
    with pytest.raises(ClientError) as error:
        emulation.ec2.start_instances(InstanceIds=[site.first])
    assert refusal(error) == "IncorrectInstanceState"


def test_a_pending_instance_cannot_be_stopped(emulation: Emulation, site: Site) -> None:
    emulation.ec2.stop_instances(InstanceIds=[site.first])
    emulation.wait(60)
    emulation.ec2.start_instances(InstanceIds=[site.first])
    with pytest.raises(ClientError) as error:
        emulation.ec2.stop_instances(InstanceIds=[site.first])
    assert refusal(error) == "IncorrectInstanceState"


def test_a_dry_run_stops_nothing(emulation: Emulation, site: Site) -> None:
    with pytest.raises(ClientError) as error:
        emulation.ec2.stop_instances(InstanceIds=[site.first], DryRun=True)
    assert refusal(error) == "DryRunOperation"
    assert state(emulation, site.first) == "running"


def test_only_running_instances_have_a_status_unless_all_are_asked_for(emulation: Emulation, site: Site) -> None:
    emulation.ec2.stop_instances(InstanceIds=[site.first])
    both = [site.first, site.second]
    running = emulation.ec2.describe_instance_status(InstanceIds=both)["InstanceStatuses"]
    every = emulation.ec2.describe_instance_status(InstanceIds=both, IncludeAllInstances=True)["InstanceStatuses"]
    assert [s["InstanceId"] for s in running] == [site.second]
    assert sorted(s["InstanceId"] for s in every) == sorted(both)


def test_the_source_destination_check_can_be_switched_off(emulation: Emulation, site: Site) -> None:
    emulation.ec2.modify_instance_attribute(InstanceId=site.first, SourceDestCheck={"Value": False})
    answer = emulation.ec2.describe_instances(InstanceIds=[site.first])
    assert answer["Reservations"][0]["Instances"][0]["SourceDestCheck"] is False


def test_a_route_to_an_instance_shows_its_interface_and_the_other_way_round(emulation: Emulation, site: Site) -> None:
    route = default_route(emulation, site)
    assert (route["InstanceId"], route["NetworkInterfaceId"]) == (site.first, site.first_interface)

    emulation.ec2.replace_route(
        RouteTableId=site.table, DestinationCidrBlock=ANYWHERE, NetworkInterfaceId=site.first_interface
    )
    route = default_route(emulation, site)
    assert (route["InstanceId"], route["NetworkInterfaceId"]) == (site.first, site.first_interface)


def test_a_replaced_route_keeps_nothing_of_its_old_target(emulation: Emulation, site: Site) -> None:
    emulation.ec2.replace_route(RouteTableId=site.table, DestinationCidrBlock=ANYWHERE, NatGatewayId=site.nat_gateway)
    route = default_route(emulation, site)
    assert route["NatGatewayId"] == site.nat_gateway
    assert "InstanceId" not in route
    assert "NetworkInterfaceId" not in route


def test_an_absent_route_cannot_be_replaced(emulation: Emulation, site: Site) -> None:
    with pytest.raises(ClientError) as error:
        emulation.ec2.replace_route(RouteTableId=site.table, DestinationCidrBlock="10.9.0.0/16", InstanceId=site.first)
    assert refusal(error) == "InvalidParameterValue"


@pytest.mark.parametrize("target", ["instance", "interface"])
def test_an_existing_route_cannot_be_created_whatever_its_target(emulation: Emulation, site: Site, target: str) -> None:
    to = {"InstanceId": site.second} if target == "instance" else {"NetworkInterfaceId": site.first_interface}
    with pytest.raises(ClientError) as error:
        emulation.ec2.create_route(RouteTableId=site.table, DestinationCidrBlock=ANYWHERE, **to)
    assert refusal(error) == "RouteAlreadyExists"


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"NatGatewayId": "nat-0"}, "InvalidNatGatewayID.NotFound"),
        ({"TransitGatewayId": "tgw-0"}, "InvalidTransitGatewayID.NotFound"),
        ({"InstanceId": "i-0"}, "InvalidInstanceID.NotFound"),
        ({"NetworkInterfaceId": "eni-0"}, "InvalidNetworkInterfaceID.NotFound"),
        ({}, "InvalidParameterCombination"),
    ],
)
def test_a_route_to_an_unknown_target_is_refused_and_the_old_one_stays(
    emulation: Emulation, site: Site, target: dict[str, str], code: str
) -> None:
    with pytest.raises(ClientError) as error:
        emulation.ec2.replace_route(RouteTableId=site.table, DestinationCidrBlock=ANYWHERE, **target)
    assert refusal(error) == code
    assert default_route(emulation, site)["InstanceId"] == site.first


def test_routes_to_prefix_lists_are_created_and_replaced(emulation: Emulation, site: Site) -> None:
    answer = emulation.ec2.create_managed_prefix_list(PrefixListName="x", AddressFamily="IPv4", MaxEntries=1)
    prefix_list = answer["PrefixList"]["PrefixListId"]
    which = {"RouteTableId": site.table, "DestinationPrefixListId": prefix_list}
    emulation.ec2.create_route(**which, InstanceId=site.first)
    emulation.ec2.replace_route(**which, InstanceId=site.second)
    table = emulation.ec2.describe_route_tables(RouteTableIds=[site.table])["RouteTables"][0]
    routes = [r for r in table["Routes"] if r.get("DestinationPrefixListId") == prefix_list]
    assert [r["InstanceId"] for r in routes] == [site.second]

"""VPC routes as AWS has them: they refuse what moto lets pass, and turn into black holes.

Sources: CreateRoute, ReplaceRoute and Route in the Amazon EC2 API reference. EC2 takes a network interface that is
attached to nothing, and the route is a blackhole: that it does so is not documented. Where its answer is not known, a
`Refusal` plays any other.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidParameterValueErrorReplaceRoute,
    InvalidTransitGatewayID,
    RouteAlreadyExistsError,
)
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import generate_route_id

from lab.cloud.ec2.world import LabWorld

TARGETS = (
    "GatewayId",
    "InstanceId",
    "NetworkInterfaceId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "CarrierGatewayId",
    "VpcEndpointId",
    "LocalGatewayId",
    "CoreNetworkArn",
)
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


class RouteActions(EC2BaseResponse):
    """Checks before moto's own CreateRoute and ReplaceRoute."""

    lab: LabWorld

    def create_route(self) -> ActionResult:
        """CreateRoute: refuses a destination that the table already has, whatever its target."""
        table, destination = self._checked_route()
        if generate_route_id(table.id, destination) in table._routes:
            raise RouteAlreadyExistsError(destination)
        self._refuse_above_quota(table, destination)
        self.error_on_dryrun()
        self._put_route(table, destination)
        return ActionResult({"Return": True})

    def replace_route(self) -> ActionResult:
        """ReplaceRoute: refuses a destination that the table does not have."""
        table, destination = self._checked_route()
        if generate_route_id(table.id, destination) not in table._routes:
            raise InvalidParameterValueErrorReplaceRoute(destination)
        self.error_on_dryrun()
        old = table._routes.pop(generate_route_id(table.id, destination))
        try:
            self._put_route(table, destination)
        except Exception:
            table._routes[old.id] = old
            raise
        return EmptyResult()

    def _checked_route(self) -> tuple[Any, str]:
        table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
        destinations = [value for name in DESTINATIONS if (value := self._get_param(name))]
        if len(destinations) != 1:
            raise EC2ClientError("InvalidParameterCombination", "Exactly one destination has to be given.")
        if len([name for name in TARGETS if self._get_param(name)]) != 1:
            raise EC2ClientError("InvalidParameterCombination", "Exactly one target has to be given.")
        self._refuse_unusable_target()
        return table, destinations[0]

    def _refuse_unusable_target(self) -> None:
        """Refuse the targets that moto would take unseen: what is gone, and an instance with several interfaces."""
        transit_gateway = self._get_param("TransitGatewayId")
        if transit_gateway and transit_gateway not in self.ec2_backend.transit_gateways:
            raise InvalidTransitGatewayID(transit_gateway)
        nat_gateway = self._get_param("NatGatewayId")
        if nat_gateway and _is_gone(self.ec2_backend.nat_gateways.get(nat_gateway)):
            raise EC2ClientError("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat_gateway}' does not exist")
        prefix_list = self._get_param("DestinationPrefixListId")
        if prefix_list:
            existing_prefix_list(self.ec2_backend, prefix_list)
        if instance := self._get_param("InstanceId"):
            _refuse_unusable_instance(self.ec2_backend.get_instance(instance))

    def _refuse_above_quota(self, table: Any, destination: str) -> None:
        """A prefix list counts with its maximum of entries ("Amazon VPC quotas")."""
        lists = self.ec2_backend.managed_prefix_lists
        held = [route.destination_prefix_list_id for route in table.routes]
        count = sum(_weight(lists.get(name)) for name in (*held, destination))
        if count > self.lab.settings.routes_per_table:
            raise EC2ClientError("RouteLimitExceeded", f"The maximum number of routes in {table.id} has been reached.")

    def _put_route(self, table: Any, destination: str) -> None:
        self.ec2_backend.create_route(
            table.id,
            self._get_param("DestinationCidrBlock"),
            self._get_param("DestinationIpv6CidrBlock"),
            self._get_param("DestinationPrefixListId"),
            gateway_id=self._get_param("GatewayId"),
            instance_id=self._get_param("InstanceId"),
            nat_gateway_id=self._get_param("NatGatewayId"),
            egress_only_igw_id=self._get_param("EgressOnlyInternetGatewayId"),
            transit_gateway_id=self._get_param("TransitGatewayId"),
            interface_id=self._get_param("NetworkInterfaceId"),
            vpc_peering_connection_id=self._get_param("VpcPeeringConnectionId"),
            carrier_gateway_id=self._get_param("CarrierGatewayId"),
            vpc_endpoint_id=self._get_param("VpcEndpointId"),
        )
        if prefix_list := self._get_param("DestinationPrefixListId"):
            route = table._routes[generate_route_id(table.id, destination)]
            route.destination_prefix_list = self.ec2_backend.managed_prefix_lists[prefix_list]


def existing_prefix_list(backend: Any, name: str) -> Any:
    """The prefix list; raises EC2's refusal where there is none, or none any more."""
    found = backend.managed_prefix_lists.get(name)
    if found is None or found.state.startswith("delete"):
        raise EC2ClientError("InvalidPrefixListID.NotFound", f"The prefix list ID '{name}' does not exist")
    return found


def _refuse_unusable_instance(instance: Any) -> None:
    """In EC2's words, as people have reported them (terraform-provider-aws 2270; cloudposse ec2-instance 95)."""
    if instance.state == "terminated":
        told = f"The terminated instance '{instance.id}' is not in a valid state for this operation."
        raise EC2ClientError("InvalidInstanceID", told)
    if len(instance.nics) > 1:
        told = f"There are multiple interfaces attached to instance '{instance.id}'. "
        raise EC2ClientError("InvalidInstanceID", f"{told}Please specify an interface ID for the operation instead.")


def _weight(prefix_list: Any) -> int:
    return 1 if prefix_list is None else int(prefix_list.max_entries or 1)


def _is_gone(nat_gateway: Any) -> bool:
    return nat_gateway is None or nat_gateway.state in ("deleting", "deleted")


def route_state(route: Any) -> str:
    """`blackhole` where the target is stopped, terminated, detached or gone.

    A stopping or hung instance still shows `active`.
    """
    instance = _instance_behind(route)
    if instance is not None and instance.state in ("stopped", "terminated"):
        return "blackhole"
    backend = route.route_table.ec2_backend
    if route.interface is not None and (instance is None or route.interface.id not in backend.enis):
        return "blackhole"
    if route.nat_gateway is not None and (_is_gone(route.nat_gateway) or route.nat_gateway.state == "failed"):
        return "blackhole"
    return "active"


def route_instance_id(route: Any) -> str | None:
    """The instance behind a route, also where the route names only its network interface.

    A route to a terminated instance names nothing but the interface that vanished with it.
    """
    instance = _instance_behind(route)
    return instance.id if instance is not None and instance.state != "terminated" else None


def route_instance_owner_id(route: Any) -> str | None:
    """The account of that instance."""
    return str(route.route_table.owner_id) if route_instance_id(route) is not None else None


def route_interface_id(route: Any) -> str | None:
    """The network interface of a route, also where the route names only the instance (its primary one, then)."""
    if route.interface is None and route.instance is not None and 0 in route.instance.nics:
        return str(route.instance.nics[0].id)
    return str(route.interface.id) if route.interface is not None else None


def _instance_behind(route: Any) -> Any:
    return route.instance or (route.interface.instance if route.interface is not None else None)

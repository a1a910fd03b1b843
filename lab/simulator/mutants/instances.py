"""Laws 8 and 9: whose instance is restarted, and whose routes are changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from lab.simulator.mutants.mutant import Mutant, Swap, always
from routekeeper.domain import candidates, restart
from routekeeper.domain.restart import Action, Wait
from routekeeper.ec2.instances import Ec2Instances
from routekeeper.ec2.steering.vpc_route import VpcRouteSteerer
from routekeeper.restarter import visit


def _traffic_does_not_matter() -> tuple[Swap, ...]:
    return ((candidates, "_carries", always(False)),)


def _nobody_is_restarted() -> tuple[Swap, ...]:
    return ((visit, "begin", always(Wait("tired"))),)


def _who_goes_through_is_forgotten() -> tuple[Swap, ...]:
    def mutated(configuration: Any, path: Any, target: Any) -> bool:
        del configuration
        return bool(path.target == target.name)

    return ((candidates, "depends", mutated),)


def _attempts_are_not_counted() -> tuple[Swap, ...]:
    return ((restart, "_recent", always(())),)


def _all_at_once() -> tuple[Swap, ...]:
    def mutated(state: Any, known: Any, now: float) -> Any:
        return before(replace(state, active=None), known, now)

    def decide(self: Any, state: Any, verdicts: Any) -> Any:
        found = mutated(state, self._candidates(None, verdicts), self.dependencies.clock())
        return found if not isinstance(found, restart.Wait) else decide_before(self, state, verdicts)

    before, decide_before = restart.begin, visit.Visit._decide
    return ((visit.Visit, "_decide", decide),)


def _others_routes() -> tuple[Swap, ...]:
    def mutated(self: Any, table: str, destination: str, found: Any, next_hop: Any) -> None:
        before(self, table, destination, found, next_hop)
        self._ec2.replace_route(RouteTableId="rtb-others", DestinationCidrBlock=destination, NatGatewayId=next_hop.id)

    before = VpcRouteSteerer._act
    return ((VpcRouteSteerer, "_act", mutated),)


def _others_instances() -> tuple[Swap, ...]:
    def mutated(self: Any, instance: str, action: Action) -> None:
        before(self, "i-others" if action is Action.FORCE_STOP else instance, action)

    before = Ec2Instances._ask
    return ((Ec2Instances, "_ask", mutated),)


MUTANTS: Final = (
    Mutant(
        "traffic-does-not-matter",
        8,
        "instances are restarted while traffic goes through them",
        _traffic_does_not_matter,
        bitten_by=29,
    ),
    Mutant(
        "who-goes-through-is-forgotten",
        8,
        "only groups that probe an instance count as going through it",
        _who_goes_through_is_forgotten,
        bitten_by=29,
    ),
    Mutant("nobody-is-restarted", 8, "no restart is ever begun", _nobody_is_restarted, bitten_by=35),
    Mutant("attempts-are-not-counted", 8, "restarts are not limited", _attempts_are_not_counted, bitten_by=2),
    Mutant("all-at-once", 8, "a restart begins while another is under way", _all_at_once, bitten_by=0),
    Mutant("others-routes", 9, "a route table that is not configured is written, too", _others_routes, bitten_by=1),
    Mutant("others-instances", 9, "the wrong instance is stopped by force", _others_instances, bitten_by=35),
)

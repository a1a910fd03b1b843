"""What the router works with; everything here is passed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from routekeeper.announcing import Announcer
from routekeeper.domain.settings import Group
from routekeeper.domain.steering import TgwPrefixList, VpcRoute
from routekeeper.measurements import Emit
from routekeeper.steering import Steering
from routekeeper.store import Store


@dataclass(frozen=True, slots=True)
class Means:
    store: Store
    steerings: Mapping[type[TgwPrefixList | VpcRoute], Steering]
    announcer: Announcer
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    emit: Emit

    def steering(self, group: Group) -> Steering:
        return self.steerings[type(group.steering)]

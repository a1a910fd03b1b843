"""What reads show that are stale: how routes, references and instances were before the latest changes.

EC2 is eventually consistent: for seconds after a change a read may show what was ("Eventual consistency in the Amazon
EC2 API", Amazon EC2 developer guide). How long is not told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lab.cloud.ec2.reference import Reference

KEPT_SECONDS = 60.0

References = dict[tuple[str, str], Reference]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a read shows of one moment. What did not exist then is shown as it is now."""

    routes: dict[str, dict[str, Any]]
    """moto's routes by their IDs, by route table."""
    references: References
    states: dict[str, tuple[str, int]]
    """Name and code of each instance's state."""

    @classmethod
    def of(cls, backend: Any, references: References) -> Moment:
        routes = {name: dict(table._routes) for name, table in backend.route_tables.items()}
        states = {one.id: (one._state.name, one._state.code) for one in _instances(backend)}
        return cls(routes, {key: replace(reference) for key, reference in references.items()}, states)

    def put_back(self, backend: Any) -> None:
        """Make moto's routes and states of instances what they were."""
        for name, routes in self.routes.items():
            if name in backend.route_tables:
                backend.route_tables[name]._routes = routes
        for instance in _instances(backend):
            if instance.id in self.states:
                instance._state.name, instance._state.code = self.states[instance.id]


@dataclass(slots=True)
class Past:
    """Moments before changes, oldest first, with the time of the change."""

    _kept: list[tuple[float, Moment]] = field(default_factory=list)

    def remember(self, now: float, backend: Any, references: References) -> None:
        """Keep how things are, because they are about to be changed."""
        self._kept = [kept for kept in self._kept if kept[0] > now - KEPT_SECONDS]
        self._kept.append((now, Moment.of(backend, references)))

    @contextlib.contextmanager
    def shown(self, since: float, backend: Any, references: References) -> Iterator[References]:
        """Everything as it was before the first change after `since`; as it is now where there was none."""
        moment = next((moment for changed_at, moment in self._kept if changed_at > since), None)
        if moment is None:
            yield references
            return
        now = Moment.of(backend, references)
        moment.put_back(backend)
        try:
            yield moment.references
        finally:
            now.put_back(backend)


def _instances(backend: Any) -> Iterator[Any]:
    yield from (one for reservation in backend.reservations.values() for one in reservation.instances)

"""What EC2 refuses until somebody changes something: of one next hop, one route table, one prefix list."""

from __future__ import annotations

from dataclasses import dataclass, field

SEVERAL_INTERFACES = "There are multiple interfaces attached to instance. Please specify an interface ID"


@dataclass(frozen=True, slots=True, eq=False)
class Ban:
    """One cause for which EC2 refuses. Each is itself: another with the same words is another cause."""

    code: str
    words: str = "as the simulator has it"
    gone: bool = False
    """Whether what it stands against is there no more: a route that leads to it is a blackhole."""
    full: bool = False
    """Whether there is only no room for new routes: those that are there can be replaced."""


@dataclass(slots=True)
class Bans:
    """By the ID of what they stand against. Several may stand against one thing, and each ends for itself."""

    standing: dict[str, list[Ban]] = field(default_factory=dict)

    def put(self, against: str, ban: Ban) -> None:
        self.standing.setdefault(against, []).append(ban)

    def lift(self, against: str, ban: Ban) -> None:
        left = [one for one in self.standing.get(against, ()) if one is not ban]
        if left:
            self.standing[against] = left
        else:
            self.standing.pop(against, None)

    def against(self, name: str, *, creating: bool = False) -> Ban | None:
        """The oldest that speaks against it; those for want of room only where a route is created."""
        return next((ban for ban in self.standing.get(name, ()) if creating or not ban.full), None)

    def is_gone(self, name: str) -> bool:
        return any(ban.gone for ban in self.standing.get(name, ()))

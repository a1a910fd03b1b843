"""What routes are held to: what is committed, what is carried out and what is recorded, each in a module of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.simulator.laws.bars import Bars
from lab.simulator.laws.blackholes import Blackholes
from lab.simulator.laws.brake import Brakes
from lab.simulator.laws.changes import Changes
from lab.simulator.laws.commits import Commits
from lab.simulator.laws.court import Court
from lab.simulator.laws.failback import Failbacks
from lab.simulator.laws.history import History
from lab.simulator.laws.looks import Looks
from lab.simulator.laws.moves import Moves
from lab.simulator.laws.records import Records
from lab.simulator.laws.signals import Signals
from lab.simulator.world import World


@dataclass(slots=True)
class Routes:
    """The three, over what they all look at."""

    world: World
    court: Court
    brakes: Brakes
    failbacks: Failbacks
    signals: Signals
    looks: Looks
    history: History
    blackholes: Blackholes
    bars: Bars
    records: Records = field(init=False)
    changes: Changes = field(init=False)
    commits: Commits = field(init=False)

    def __post_init__(self) -> None:
        world, court, brakes, failbacks = self.world, self.court, self.brakes, self.failbacks
        looks, history = self.looks, self.history
        self.records = Records(world, court, history)
        self.changes = Changes(world, court, self.signals, looks, history, self.records, self.blackholes)
        moves = Moves(world, court, brakes, failbacks, looks, self.changes, self.bars)
        self.commits = Commits(world, court, brakes, failbacks, self.blackholes, looks, history, self.records, moves)

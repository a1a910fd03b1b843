"""The court: takes violations down. The first one ends the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lab.simulator.kernel import START
from lab.simulator.laws.verdicts import Bench
from lab.simulator.world import World

SLACK_SECONDS: Final = 3.0
"""How far clocks may disagree: what lies on the edge of a period, or of a hold, is not judged."""


@dataclass(frozen=True, slots=True)
class Violation:
    law: int
    at: float
    """Seconds after the start."""
    rule: str
    """Which check found it; stays the same when a plan is cut down."""
    story: str

    def __str__(self) -> str:
        return f"law {self.law} ({self.rule}) at {self.at:.2f} s: {self.story}"


@dataclass(slots=True)
class Court:
    world: World
    bench: Bench
    strict: bool = False
    """Whether to hold the application also to what it is known not to keep (docs/hunting.md, "Known")."""
    violation: Violation | None = None
    checks: dict[str, int] = field(default_factory=dict)
    """How often each check was made in earnest."""

    def hold(self, law: int, rule: str, held: bool, story: str, *values: object) -> None:
        """Take the check down; `story` says what was found, with the values in the place of its braces if there are."""
        self.checks[rule] = self.checks.get(rule, 0) + 1
        if not held and self.violation is None:
            at, story = self.world.kernel.now - START, story.format(*values) if values else story
            self.violation = Violation(law, at, rule, story)
            self.world.tell("court", f"LAW {law} BROKEN ({rule}): {story}")
            self.world.kernel.stopped = True

    def excused(self, group: str, seconds: float) -> bool:
        """Whether something befell this group's passes within so many seconds (law 11: its own trouble, or all's).

        What befell them, not what might have: a function that died, a table or an EC2 that did not answer. To be
        invoked twice is no reason to be late. Nor is it that the stream is late or silent, with a pass every minute.
        """
        world, now = self.world, self.world.kernel.now
        faults, troubled = world.ec2.faults, world.troubled
        if now - world.died_at < seconds or world.is_spoilt(group):
            return True
        for held in (faults.throttled, faults.unanswered, faults.denied, faults.stale, faults.withheld):
            if held and ("*" in held or group in held):
                return True
        return now - troubled.get("*", -1e12) < seconds or now - troubled.get(group, -1e12) < seconds

    def unheralded(self, seconds: float) -> bool:
        """Whether the stream may have kept news back within so many seconds: then the minute's pass brings it."""
        chances, now = self.world.chances, self.world.kernel.now
        return bool(chances.late or chances.lost) or now - chances.told_since < seconds

    def unquiet(self, seconds: float) -> bool:
        """Whether anything that no function is spared went on within so many seconds."""
        chances, now = self.world.chances, self.world.kernel.now
        return chances.any or now - chances.quiet_since < seconds

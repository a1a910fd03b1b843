"""EventBridge as AWS's services and the router's rules use it: soon as a rule, now and then late, twice or never.

Nothing keeps two events in order. Shapes are those of `events/signal-*.json`; what is told apart is what the template's
rules tell apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lab.simulator.world import World

EXAMPLES: Final = {
    name: json.loads((Path(__file__).parents[2] / "events" / f"signal-{name}.json").read_text())
    for name in ("state", "spot", "autoscaling", "maintenance")
}
TOLD_STATES: Final = ("running", "stopping", "stopped", "shutting-down", "terminated")
RETRIES_SECONDS: Final = (60.0, 120.0)
"""How long after each failure the router is invoked again (template.yaml; "Asynchronous invocation", AWS Lambda)."""
LOST, TWICE, LATE = 0.05, 0.1, 0.1


@dataclass(slots=True)
class Bus:
    world: World
    invoke: Callable[[dict[str, object], Callable[[bool], None]], None]
    """With whom to tell whether it went well."""
    said: set[tuple[str, str, int]] = field(default_factory=set)
    """Instance, kind and second of everything that AWS has said, delivered or not."""
    waiting: int = 0
    _count: int = 0

    def state(self, instance: str, state: str) -> None:
        if state in TOLD_STATES:
            self._say("state", instance, {"instance-id": instance, "state": state})

    def spot(self, instance: str) -> None:
        self._say("spot", instance, {"instance-id": instance, "instance-action": "stop"})

    def autoscaling(self, instance: str) -> None:
        self._say("autoscaling", instance, {"EC2InstanceId": instance})

    def maintenance(self, instance: str, window: tuple[float, float], status: str) -> None:
        times = ("startTime", "endTime", "lastUpdatedTime")
        moments = zip(times, (*window, self.world.kernel.now), strict=True)
        detail: dict[str, object] = {name: f"{_moment(at):%a, %d %b %Y %H:%M:%S GMT}" for name, at in moments}
        name = f"arn:aws:health:eu-central-1::event/EC2/PLANNED/{int(window[0])}"
        entities = [{"entityValue": instance}]
        self._say(
            "maintenance", instance, {**detail, "eventArn": name, "statusCode": status, "affectedEntities": entities}
        )

    def _say(self, kind: str, instance: str, detail: dict[str, object]) -> None:
        now = self.world.kernel.now
        self._count += 1
        random = self.world.random(f"bus {self._count}")
        self.said.add((instance, kind, int(now)))
        told: Any = EXAMPLES[kind]
        event = {**told, "id": f"e{self._count}", "time": f"{_moment(now):%Y-%m-%dT%H:%M:%SZ}"}
        event["detail"] = {**told["detail"], **detail}
        if random.random() < LOST or self.world.chances.unheard:
            self.world.tell("bus", f"loses {kind} of {instance}")
            return
        for _ in range(2 if random.random() < TWICE else 1):
            late = random.uniform(5.0, 90.0) if random.random() < LATE else random.uniform(0.2, 1.5)
            self.waiting += 1
            self.world.kernel.after(late, lambda: self._deliver(event))

    def _deliver(self, event: dict[str, object], tries: int = 0) -> None:
        """Lambda has it from here: what fails is tried again, and in the end a dead letter."""

        def ended(well: bool) -> None:
            if well or tries >= len(RETRIES_SECONDS):
                self.waiting -= 1
            else:
                self.world.kernel.after(RETRIES_SECONDS[tries], lambda: self._deliver(event, tries + 1))

        self.invoke(event, ended)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(int(at), UTC)

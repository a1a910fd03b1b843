"""Law 12: once N moves have been made within the period, nothing is moved that can wait before a person acknowledges.

What is counted here are the moves that the groups' items show, never the ledger's own figure. One that could have
waited counts from its commitment on; one that nothing may delay from when its group says that it has been counted,
which has to be soon. A slot is judged at the moment it is taken: a commitment may follow much later, after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lab.simulator.laws.court import SLACK_SECONDS, Court
from lab.simulator.laws.raw import flag, number, part, parts, text
from lab.simulator.world import World
from routekeeper.store.codec import Item

SOON_SECONDS: Final = 130.0
"""Two passes: within these everything is counted, the alarm fed and people told, unless something befell everybody."""
_COUNTED_KINDS: Final = ("initial", "failover", "failback", "drift")


@dataclass(slots=True)
class Brakes:
    world: World
    court: Court
    ledger: Item | None = None
    counted: dict[str, float] = field(default_factory=dict)
    """Moves since the last acknowledgement, and when they were made."""
    latched: bool = False
    """Whether so many of them lay within the period at once."""
    acknowledged_at: float = -1e12
    made_at: dict[str, float] = field(default_factory=dict)
    owed: dict[str, float] = field(default_factory=dict)
    """Moves that are in history and not counted, and since when."""
    slots: dict[str, str | None] = field(default_factory=dict)
    """By transition: what spoke against its slot when it was taken."""

    @property
    def engaged(self) -> bool:
        return self.ledger is not None and "engaged_at" in self.ledger

    def may_hold(self, seconds: float) -> bool:
        """Whether something may be held, or may have been until so many seconds ago."""
        return self.engaged or self.world.kernel.now - self.acknowledged_at < seconds

    # --- the ledger

    def on_ledger(self, writer: str, old: Item | None, new: Item) -> None:
        self.ledger = new
        was, engaged = old is not None and "engaged_at" in old, "engaged_at" in new
        by_operator = writer.startswith("operator/")
        if by_operator:
            self.world.tell(writer, f"acknowledges: {len(parts(old, 'moves'))} moves forgotten")
            released = not engaged and not parts(new, "moves")
            self.court.hold(12, "an acknowledgement releases", released, f"{writer} has released nothing")
            self.counted.clear()
            self.latched, self.acknowledged_at = False, self.world.kernel.now
            return
        self.court.hold(12, "only people release the brake", engaged or not was, f"{writer} has released it")
        rule = self.world.plan.configuration.brake
        assert rule is not None
        slots = [(text(one.get("M"), "transition") or "", number(one.get("M"), "at")) for one in parts(new, "moves")]
        if engaged and not was:
            self.world.tell(writer, f"the brake engages at {len(slots)} moves")
            recent = [at for _, at in slots if at > self.world.kernel.now - rule.per_seconds - SLACK_SECONDS]
            self.court.hold(12, "the brake engages at the limit", len(recent) >= rule.moves, f"{len(recent)} moves")
        told = f"{len(slots)} moves are kept"
        self.court.hold(12, "the ledger is bounded", len(slots) <= rule.moves, told)
        before = {text(one.get("M"), "transition") for one in parts(old, "moves")}
        for transition, _ in slots:
            if transition not in before:
                self.slots[transition] = self._against_a_slot()

    def _against_a_slot(self) -> str | None:
        rule = self.world.plan.configuration.brake
        assert rule is not None
        recent = len(self._recent())
        if self.latched:
            return "nobody has acknowledged since the limit was reached"
        return f"{recent} moves had been made already" if recent >= rule.moves else None

    def _recent(self) -> list[str]:
        rule, now = self.world.plan.configuration.brake, self.world.kernel.now
        assert rule is not None
        since = max(now - rule.per_seconds, self.acknowledged_at) + SLACK_SECONDS
        return [transition for transition, at in self.counted.items() if at > since]

    def _count(self, transition: str) -> None:
        rule = self.world.plan.configuration.brake
        if rule is not None:
            self.counted[transition] = self.made_at.get(transition, self.world.kernel.now)
            self.latched = self.latched or len(self._recent()) >= rule.moves

    # --- what is moved

    def on_group(self, old: Item | None, new: Item) -> None:
        """A group's item was written: what has begun, what awaits counting, and what has been counted."""
        now, pending = self.world.kernel.now, part(new, "pending")
        if pending is not None:
            self.made_at.setdefault(text(pending, "id") or "", now)
        waited = {_id(one) for one in _untold(old) if flag(one, "uncounted")}
        for one in _untold(new):
            transition = part(one, "transition")
            if text(transition, "kind") not in _COUNTED_KINDS or part(transition, "asked") is not None:
                self.court.hold(12, "only what was decided here counts", not flag(one, "uncounted"), _id(one))
            elif flag(one, "uncounted"):
                self.owed.setdefault(_id(one), now)
                waited.discard(_id(one))
        for counted in sorted(waited):
            if self.owed.pop(counted, None) is not None:
                self._count(counted)

    def on_deferrable(self, new: Item, told: str) -> None:
        """A move was committed that could have waited."""
        if self.world.plan.configuration.brake is None:
            return
        transition = text(part(new, "pending"), "id") or ""
        against = self.slots.get(transition, "it has taken no slot")
        self.court.hold(12, "what can wait is held", against is None, f"{against}: {told}")
        self._count(transition)

    def on_given_up(self, transition: str) -> None:
        """A move could not begin: nothing was moved. Its slot is given back, unless it has engaged the brake."""
        if not self.engaged:
            kept = transition in {text(one.get("M"), "transition") for one in parts(self.ledger, "moves")}
            kept = kept and not self.court.excused("", SOON_SECONDS)
            self.court.hold(12, "what could not begin keeps no slot", not kept, f"{transition} has kept its slot")
            self.counted.pop(transition, None)
            self.latched = False

    # --- what is left undone

    def on_tick(self, silent_seconds: float) -> None:
        """`silent_seconds`: since the metric was last written."""
        now, rule = self.world.kernel.now, self.world.plan.configuration.brake
        if rule is None or self.court.excused("", SOON_SECONDS) or self._anybody_in_trouble():
            return
        late = [transition for transition, at in self.owed.items() if now - at > SOON_SECONDS]
        self.court.hold(12, "every move is counted", not late, f"{late} are not counted")
        if self.engaged and now - number(self.ledger, "engaged_at") > SOON_SECONDS:
            told = f"nobody was told for {silent_seconds:.0f} s that the brake is engaged"
            self.court.hold(12, "an engaged brake is told", silent_seconds < SOON_SECONDS, told)

    def on_settled(self, announced: set[str]) -> None:
        if not self.engaged or self.court.excused("", 200) or self._anybody_in_trouble():
            return
        since = number(self.ledger, "engaged_at")
        missing = {f"brake {since} {channel}" for channel in ("topic", "events")} - announced
        fresh = self.world.kernel.now - since < 200
        self.court.hold(12, "people hear of the brake", fresh or not missing, f"nobody was told: {sorted(missing)}")

    def _anybody_in_trouble(self) -> bool:
        """Whether some group's pass may have lasted until its invocation was ended, before the brake was reported."""
        return any(self.court.excused(name, SOON_SECONDS) for name in self.world.plan.configuration.groups)


def _untold(item: Item | None) -> list[Item]:
    return [one["M"] for one in parts(item, "unannounced")]


def _id(untold: Item) -> str:
    return text(part(untold, "transition"), "id") or ""

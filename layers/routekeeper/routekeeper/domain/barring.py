"""Bars: EC2 refuses to put routes onto a path. That is evidence against it, beside what its probes and AWS say.

A bar has a next try. Until then the path counts as UNHEALTHY, so that traffic which has to leave takes the next path at
once. From then on it counts as any other. Each further refusal makes the next try later. Traffic is never moved just to
find out.

Why: docs/decisions/bars.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from routekeeper.domain.bounds import Count, Happened, Time, is_ahead, lasts
from routekeeper.domain.presence import Release
from routekeeper.domain.refusal import About, Refusal
from routekeeper.domain.stored import Stored

LAG_SECONDS: Final = 5.0
"""The first pause if the refusal may be EC2's own lag. "Eventual consistency" in the Amazon EC2 API reference: what was
just made may not be found for some seconds."""
FIRST_PAUSE_SECONDS: Final = 60.0
"""The pause after a refusal that is no lag. It doubles with each further one."""
LONGEST_PAUSE_SECONDS: Final = 3600.0
STRANDED_SECONDS: Final = 50.0
"""The pause while traffic is on a dead path and nothing else is left: each minute's pass asks EC2 once."""

CODES_KEPT: Final = 10
"""Codes of one path that are remembered. EC2 gives one or two."""


@dataclass(frozen=True, slots=True)
class Bar(Stored):
    """EC2's refusal of a path, and when it is asked again."""

    code: str
    """EC2's error code of the latest refusal."""
    words: str
    since: Happened
    """When EC2 first refused the path. It has not taken it since."""
    refused_at: Happened
    """When it last did."""
    next_try_at: Time
    refusals: Count = 1
    told: tuple[str, ...] = ()
    """The codes of earlier refusals since then, each once, the latest ones. People have heard of them."""
    release: str = ""
    """What the router ran at that time. A deployment may have brought what was missing, so it ends the bar."""

    def holds(self, now: float, *, stranded: bool = False) -> bool:
        """Whether the path is not to be tried yet. `stranded`: traffic is on a dead path and has no other way."""
        if stranded and now >= self.refused_at + STRANDED_SECONDS:
            return False
        return lasts(self.next_try_at, now, LONGEST_PAUSE_SECONDS) and not is_ahead(self.refused_at, now)

    def answers(self, asked_at: float) -> bool:
        """Whether EC2 has refused since a person asked for the path at that time."""
        return self.refused_at >= asked_at

    @property
    def is_news(self) -> bool:
        """Whether EC2 has not said the same before."""
        return self.code not in self.told

    def __str__(self) -> str:
        return f"EC2 refuses to put routes onto it: {self.words}"


def after(known: Bar | None, refusal: Refusal, now: float, release: Release) -> Bar:
    """The bar after one more refusal. Only a try that was due makes the next pause longer."""
    return Bar(
        code=refusal.code,
        words=refusal.words,
        since=now if known is None else known.since,
        refused_at=now,
        next_try_at=now + _pause(known, refusal, now),
        refusals=1 if known is None else known.refusals + 1,
        told=() if known is None else _told(known),
        release=name(release),
    )


def _told(known: Bar) -> tuple[str, ...]:
    return (*(code for code in known.told if code != known.code), known.code)[-CODES_KEPT:]


def _pause(known: Bar | None, refusal: Refusal, now: float) -> float:
    if known is None:
        return LAG_SECONDS if may_be_lag(refusal) else FIRST_PAUSE_SECONDS
    last = known.next_try_at - known.refused_at
    following = last if now < known.next_try_at else 2 * last
    return min(max(following, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)


def name(release: Release) -> str:
    return f"{release.version} {release.configuration}".strip()


def may_be_lag(refusal: Refusal) -> bool:
    """Whether the refusal may be over in some seconds by itself: EC2 does not find, or is still changing, something."""
    return refusal.code.endswith("NotFound") or refusal.code == "IncorrectState"


def why_barred(refusals: Sequence[Refusal], *, moves: bool, none_taken: bool) -> Refusal | None:
    """The refusal that speaks against the path and not only against some of its routes; None if there is none.

    `refusals` are those of a change of the group's routes. `none_taken` says whether EC2 took no route at all, and
    `moves` whether they were to go to another path.

    If the next hop is refused, no route can be put onto it. A refusal of a route is that route's trouble. But if a move
    is refused for every route, the next path may be allowed where this one is not: an attachment has its own tag.
    """
    for refusal in refusals:
        if refusal.about is About.NEXT_HOP:
            return refusal
    if not moves or not none_taken or not refusals:
        return None
    return refusals[0] if all(refusal.final or may_be_lag(refusal) for refusal in refusals) else None

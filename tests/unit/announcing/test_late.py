"""What tells is made when there is first something to tell, and once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

import pytest

from routekeeper.announcing import Announcer
from routekeeper.announcing.late import LateAnnouncer
from routekeeper.domain.brake import Engagement
from routekeeper.domain.errors import AnnouncementError
from routekeeper.domain.group_state import Channel, Transition
from routekeeper.domain.restart_event import RestartEvent
from tests.unit.announcing.news import BEGUN, ENGAGEMENT, FAILOVER


@dataclass(slots=True)
class Listener:
    """Implements `Announcer`; keeps what it is told."""

    told: list[object] = field(default_factory=list)
    failing: bool = False

    def transition(self, transition: Transition, channel: Channel) -> None:
        self._hear((transition, channel))

    def brake(self, engagement: Engagement, channel: Channel) -> None:
        self._hear((engagement, channel))

    def restart(self, event: RestartEvent) -> None:
        self._hear(event)

    def _hear(self, news: object) -> None:
        if self.failing:
            raise AnnouncementError("topic: no permission")
        self.told.append(news)


NEWS: dict[str, Callable[[Announcer], None]] = {
    "transition": lambda announcer: announcer.transition(FAILOVER, Channel.TOPIC),
    "brake": lambda announcer: announcer.brake(ENGAGEMENT, Channel.EVENTS),
    "restart": lambda announcer: announcer.restart(BEGUN),
}


def test_nothing_is_built_before_there_is_something_to_tell_and_everything_is_passed_on() -> None:
    listener, built = Listener(), []

    def build() -> Announcer:
        built.append(True)
        return listener

    late = LateAnnouncer(build)
    assert not built
    for tell in NEWS.values():
        tell(late)
    assert listener.told == [(FAILOVER, Channel.TOPIC), (ENGAGEMENT, Channel.EVENTS), BEGUN]
    assert len(built) == 1


@pytest.mark.parametrize("tell", NEWS.values(), ids=NEWS)
def test_what_cannot_be_told_is_an_error_here_too(tell: Callable[[Announcer], None]) -> None:
    with pytest.raises(AnnouncementError, match="no permission"):
        tell(LateAnnouncer(lambda: Listener(failing=True)))


def test_groups_that_tell_at_the_same_time_build_it_once() -> None:
    together, listener, built = Barrier(8), Listener(), []

    def build() -> Announcer:
        built.append(True)
        return listener

    late = LateAnnouncer(build)

    def tell(_: int) -> None:
        together.wait(10)
        late.restart(BEGUN)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(tell, range(8)))
    assert (len(built), len(listener.told)) == (1, 8)


def test_what_could_not_be_built_is_built_with_the_next_news() -> None:
    listener = Listener()
    failures = [AnnouncementError("no description of sns")]

    def build() -> Announcer:
        if failures:
            raise failures.pop()
        return listener

    late = LateAnnouncer(build)
    with pytest.raises(AnnouncementError, match="no description"):
        late.restart(BEGUN)
    late.restart(BEGUN)
    assert listener.told == [BEGUN]

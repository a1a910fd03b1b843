from __future__ import annotations

import threading

from lab.cloud.ec2.changes import Change, ChangeFeed
from lab.cloud.ec2.timeline import Timeline


def test_actions_run_when_due_in_the_order_of_their_times() -> None:
    now, done = [0.0], list[str]()
    timeline = Timeline(lambda: now[0])
    timeline.after(5, lambda: done.append("late"))
    timeline.after(1, lambda: done.append("early"))

    timeline.run_due()
    assert done == []
    now[0] = 6
    timeline.run_due()
    assert done == ["early", "late"]


def test_a_thread_runs_actions_without_being_told() -> None:
    timeline, stopped, done = Timeline(), threading.Event(), threading.Event()
    thread = threading.Thread(target=timeline.run_until, args=(stopped,))
    thread.start()

    timeline.after(0.01, done.set)
    assert done.wait(5)

    stopped.set()
    timeline.after(0, lambda: None)
    thread.join(5)
    assert not thread.is_alive()


def test_the_feed_tells_only_what_came_after_the_version_asked_for() -> None:
    feed = ChangeFeed()
    feed.record("one")
    feed.record("two")

    assert feed.since(1) == (2, (Change(2, "two"),))
    assert feed.since(2) == (2, ())


def test_who_waits_for_a_change_is_woken_by_it() -> None:
    feed, seen = ChangeFeed(), list[int]()
    waiting = threading.Thread(target=lambda: seen.append(feed.since(0, timeout_seconds=30)[0]))
    waiting.start()

    feed.record("something")
    waiting.join(5)
    assert seen == [1]

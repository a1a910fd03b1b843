"""Virtual time, and blocking code in it: tasks of which one runs at a time, in an order that replays.

The router, the restarter and the operator are written to block. Each invocation is a task with a stack of its own (a
greenlet), and hands the baton back to the kernel whenever it would wait: at every call to the store or to EC2 and at
every sleep.
What happens next is decided by the virtual clock alone, never by the operating system, so a run replays exactly.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Final

from greenlet import getcurrent, greenlet

START: Final = 1_800_000_000.0
"""The epoch second at which virtual time begins; a whole minute."""


class Killed(BaseException):
    """What happens to a function whose time is up: nothing of the application's can catch it."""


class Task:
    """Blocking code under way. Ends by returning, by an error, or killed."""

    def __init__(self, kernel: Kernel, body: Callable[[], object], parent: Task | None) -> None:
        self.kernel = kernel
        self.parent = parent
        self.dead = False
        self.ended = False
        self.result: object = None
        self.error: BaseException | None = None
        self.on_end: list[Callable[[], None]] = []
        self._body = body
        self._stack = greenlet(self._run)
        self.wake = 0
        """Counts wake-ups: an alarm that was set for an earlier one is void."""

    def resume(self) -> None:
        """Hand the baton over, and take it back when the task waits or ends. For the kernel only."""
        self.kernel.current = self
        self._stack.parent = getcurrent()  # where the baton goes when the task ends
        self._stack.switch()
        self.kernel.current = None
        if self.ended:
            self.kernel.tasks.pop(self, None)
            for act in self.on_end:
                act()

    def wait(self) -> None:
        """Hand the baton back until somebody resumes the task. Raises Killed if it has been killed meanwhile."""
        kernel = self._stack.parent
        assert kernel is not None, "only a task that was resumed can wait"
        if not self.dead:
            kernel.switch()
        if self.dead:
            raise Killed

    def _run(self) -> None:
        try:
            if not self.dead:
                self.result = self._body()
        except BaseException as error:  # noqa: BLE001 - whoever joins the task gets it
            self.error = error
        self.ended = True


class Kernel:
    """The clock and what is due."""

    def __init__(self) -> None:
        self.now = START
        self.current: Task | None = None
        self.tasks: dict[Task, None] = {}
        """What is under way, in the order of its start: a set's order would differ from run to run."""
        self.stopped = False
        self.interrupted = False
        """Somebody else has something to do at this very instant: give the thread back."""
        self._until = START
        self._due: list[tuple[float, int, Callable[[], None], bool]] = []
        self._count = 0

    def at(self, moment: float, act: Callable[[], None], *, planned: bool = False) -> None:
        """Let something happen at a moment; what is planned does not come later for a leap."""
        self._count += 1
        heapq.heappush(self._due, (max(moment, self.now), self._count, act, planned))

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self.at(self.now + seconds, act)

    def run(self, until: float) -> None:
        """Let time pass until `until`, until something stops it, or until somebody interrupts."""
        self._until = until
        self.interrupted = False
        while self._due and not self.stopped and not self.interrupted and self._due[0][0] <= until:
            moment, _, act, _ = heapq.heappop(self._due)
            self.now = moment
            act()
        if not self.stopped and not self.interrupted:
            self.now = max(self.now, until)

    def leap(self, seconds: float) -> None:
        """Let time pass in which nothing happens: whatever is due comes that much later, what is planned does not."""
        self.now += seconds
        self._due = [
            (max(moment, self.now) if planned else moment + seconds, count, act, planned)
            for moment, count, act, planned in self._due
        ]
        heapq.heapify(self._due)

    # --- tasks

    def spawn(self, body: Callable[[], object], parent: Task | None = None) -> Task:
        task = Task(self, body, parent)
        self.tasks[task] = None
        self._wake_at(task, self.now)
        return task

    def pause(self, seconds: float) -> None:
        """Let virtual time pass for the running task. Raises Killed."""
        task = self.current
        assert task is not None, "only a task can wait"
        due = self.now + seconds
        if not task.dead and due < self._until and not self.stopped and (not self._due or self._due[0][0] > due):
            self.now = due  # nothing else happens before: the baton may stay where it is
            return
        self._wake_at(task, due)
        task.wait()

    def join(self, children: list[Task], timeout: float | None = None, *, first: bool = False) -> None:
        """Wait until all children (or the `first` of them) have ended, at most so many seconds. Raises Killed."""
        parent = self.current
        assert parent is not None
        if parent.dead:
            raise Killed
        enough = any if first else all
        if not children or enough(child.ended for child in children):
            return
        waiting = True

        def one_ended() -> None:
            if waiting and enough(child.ended for child in children):
                self._wake_at(parent, self.now)

        for child in children:
            child.on_end.append(one_ended)
        if timeout is not None:
            self._wake_at(parent, self.now + timeout)
        try:
            parent.wait()
        finally:
            waiting = False

    def kill(self, task: Task) -> None:
        """Let the task, and what it has spawned, end at its next step: at once."""
        for victim in [found for found in self.tasks if found is task or found.parent is task]:
            victim.dead = True
            if victim is not self.current:
                self._wake_at(victim, self.now)

    def forget(self) -> None:
        """Nothing that was due is."""
        self._due.clear()

    def unwind(self) -> None:
        """Do what has become due at this very instant, whether or not the run was stopped."""
        self.stopped = False
        self.run(self.now)

    def close(self) -> None:
        """Unwind every task that is under way."""
        for task in list(self.tasks):
            task.dead = True
            task.on_end.clear()
            task.resume()

    def _wake_at(self, task: Task, moment: float) -> None:
        task.wake += 1
        wake = task.wake

        def resume() -> None:
            if task.wake == wake and not task.ended:
                task.resume()

        self.at(moment, resume)

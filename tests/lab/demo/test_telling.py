"""The stories are told side by side, and nobody waits for one that is not to be told to its end."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from lab.demo import __main__ as demo
from lab.demo.tale import Tale

TALE = Tale("dx", "a story")


def for_ever(lab: Any, tale: Tale) -> None:
    del lab, tale
    threading.Event().wait()


def test_ctrl_c_waits_for_no_story() -> None:
    def interrupting(lab: Any, tale: Tale) -> None:
        del lab, tale
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, demo._interrupted_once)
    try:
        with pytest.raises(KeyboardInterrupt):
            demo._tell(None, (for_ever, TALE), (interrupting, TALE))  # type: ignore[arg-type]
        signal.raise_signal(signal.SIGINT)  # the same one, passed on by the process outside
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_story_that_fails_ends_the_telling() -> None:
    def failing(lab: Any, tale: Tale) -> None:
        del lab, tale
        raise ValueError("no packets")

    with pytest.raises(ValueError, match="no packets"):
        demo._tell(None, (for_ever, TALE), (failing, TALE))  # type: ignore[arg-type]

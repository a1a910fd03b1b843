"""No orphans: a server process ends when the process that started it is gone."""

from __future__ import annotations

import os
import signal
import threading
import time

LOOK_EVERY_SECONDS = 0.5


def end_with_parent() -> None:
    """Send this process SIGTERM once its parent has died, however that came about.

    The kernel's own parent-death signal (prctl(2)) will not do: it speaks of the parent's thread, not its process.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="end-with-parent").start()

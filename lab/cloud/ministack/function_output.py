"""A function's output while it runs, line by line, in a file: CloudWatch Logs gets it at the end only."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any


def install(lambda_runtime: Any, file: Path) -> None:
    """Write every line that any function prints to `file`, as JSON: function, at (Unix seconds), line."""
    lock = threading.Lock()

    def read_output(worker: Any) -> None:
        """Stands in for Worker._read_stderr: the queue feeds CloudWatch Logs as before."""
        process, lines = worker._proc, worker._stderr_queue
        for line in process.stderr:
            text = line.rstrip("\n")
            lines.put(text)
            entry = json.dumps({"function": worker.func_name, "at": time.time(), "line": text})
            with lock, file.open("a", encoding="utf-8") as out:
                out.write(entry + "\n")

    lambda_runtime.Worker._read_stderr = read_output

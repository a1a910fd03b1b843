"""pytest hooks that run the tests marked `network` inside the laboratory, for whoever just types `pytest`.

A conftest.py takes part by importing the hooks:

    from lab.network.pytest_inside import *  # noqa: F403

When the first marked test is due, one child pytest starts inside the laboratory with all those that were selected; its
reports come back through a pipe and are shown as if the tests had run here. Where the machine cannot hold the
laboratory they are skipped, and the reason says what to do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import IO, Final

import pytest

from lab import host

__all__ = ["pytest_configure", "pytest_runtest_protocol", "pytest_sessionfinish"]

MARK: Final = "network"
_PIPE: Final = "ROUTEKEEPER_TEST_REPORTS"
"""Environment variable: the descriptor into which the child writes its reports, a JSON line each."""
_REPORTER: Final = "lab-network-reporter"


class Child:
    """The pytest inside the laboratory."""

    def __init__(self, config: pytest.Config, tests: Sequence[str]) -> None:
        self._config = config
        self._output: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by close()
        reading, writing = os.pipe()
        command = [sys.executable, "-m", "lab.host", sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests]
        self._process = subprocess.Popen(
            command,
            cwd=config.rootpath,
            env={**os.environ, _PIPE: str(writing)},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
        )
        os.close(writing)
        self._lines = os.fdopen(reading)
        self._reports: dict[str, list[pytest.TestReport]] = {}

    def reports(self, item: pytest.Item) -> list[pytest.TestReport]:
        """Wait for the reports of a test. Should it have no end, the last one says why."""
        found = self._reports.setdefault(item.nodeid, [])
        while not any(report.when == "teardown" for report in found):
            line = self._lines.readline()
            if not line:
                return [*found, self._end(item)]
            data = json.loads(line)
            if isinstance(data["longrepr"], list):
                data["longrepr"] = tuple(data["longrepr"])  # where and why it was skipped; JSON knows no tuples
            report = self._config.hook.pytest_report_from_serializable(config=self._config, data=data)
            self._reports.setdefault(report.nodeid, []).append(report)
        return found

    def close(self) -> None:
        """End it, if it still runs, and everything that it started."""
        self._process.kill()
        self._process.wait()
        self._lines.close()
        self._output.close()

    def _end(self, item: pytest.Item) -> pytest.TestReport:
        self._process.wait()
        self._output.seek(0)
        reason = f"pytest inside the laboratory ended with {self._process.returncode}:\n{self._output.read()}"
        return _report(item, "failed", reason)


class Reporter:
    """The child's plugin: writes every report into the pipe."""

    def __init__(self, config: pytest.Config, pipe: int) -> None:
        self._config = config
        self._pipe = pipe

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Pass a report on."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        with os.fdopen(os.dup(self._pipe), "w") as pipe:
            pipe.write(json.dumps(data) + "\n")


_child: Final = pytest.StashKey[Child]()
_obstacle: Final = pytest.StashKey[str | None]()


def pytest_configure(config: pytest.Config) -> None:
    """In the child: report to the parent."""
    pipe = os.environ.get(_PIPE)
    if pipe is not None and host.inside() and not config.pluginmanager.has_plugin(_REPORTER):
        config.pluginmanager.register(Reporter(config, int(pipe)), _REPORTER)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Show what the child reports on a marked test, instead of running it here."""
    if item.get_closest_marker(MARK) is None or host.inside():
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _outcome(item):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    # A test that ran here before may have left the fixtures of shared directories for this one, which needs none.
    item.session._setupstate.teardown_exact(nextitem)
    return True


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the child."""
    child = session.stash.get(_child, None)
    if child is not None:
        del session.stash[_child]
        child.close()


def _outcome(item: pytest.Item) -> list[pytest.TestReport]:
    stash = item.session.stash
    problem = stash.setdefault(_obstacle, host.obstacle() if _obstacle not in stash else None)
    if problem is not None:
        return [_report(item, "skipped", problem)]
    if _child not in stash:
        tests = [other.nodeid for other in item.session.items if other.get_closest_marker(MARK) is not None]
        stash[_child] = Child(item.config, tests)
    return stash[_child].reports(item)


def _report(item: pytest.Item, outcome: str, reason: str) -> pytest.TestReport:
    """A report on a test that did not run."""
    path, line, _ = item.location
    skipped = outcome == "skipped"
    return pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords={MARK: 1},
        outcome="skipped" if skipped else "failed",
        longrepr=(path, line or 0, f"Skipped: {reason}") if skipped else reason,
        when="setup" if skipped else "call",
    )

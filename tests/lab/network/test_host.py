from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import host
from lab.network import enclosure
from lab.network.enclosure import SET_UP, USER_NAMESPACE, EnclosureError

REFUSED = EnclosureError(USER_NAMESPACE, os.strerror(errno.EPERM))


@pytest.fixture
def _permitted() -> None:
    problem = host.obstacle()
    if problem is not None:
        pytest.skip(problem)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend to be another machine: its kernel's settings, its user, whether it is a container."""

    def pretend(*, user: int = 1000, container: bool = False, **settings: str) -> None:
        known = {name.replace("__", "/"): value for name, value in settings.items()}
        monkeypatch.setattr(host, "_setting", lambda name: known.get(name, ""))
        monkeypatch.setattr(host, "_in_container", lambda: container)
        monkeypatch.setattr(os, "geteuid", lambda: user)

    return pretend


def run_inside(*command: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "lab.host", *command]
    return subprocess.run(words, cwd=host.PROJECT, capture_output=True, text=True, check=False)


def test_user_namespaces_switched_off_are_named_with_the_setting(machine: Callable[..., None]) -> None:
    machine(user__max_user_namespaces="0")
    assert "sysctl -w user.max_user_namespaces=15000" in host.advice(REFUSED)


def test_ubuntus_restriction_is_named_with_the_setting(machine: Callable[..., None]) -> None:
    machine(kernel__apparmor_restrict_unprivileged_userns="1")
    assert "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" in host.advice(REFUSED)


def test_older_debians_restriction_is_named_with_the_setting(machine: Callable[..., None]) -> None:
    machine(kernel__unprivileged_userns_clone="0")
    assert "sysctl -w kernel.unprivileged_userns_clone=1" in host.advice(REFUSED)


def test_a_restriction_on_ordinary_users_is_no_explanation_to_root(machine: Callable[..., None]) -> None:
    machine(user=0, container=True, kernel__apparmor_restrict_unprivileged_userns="1")
    assert "docker run --privileged" in host.advice(REFUSED)


def test_a_kernel_that_lacks_something_is_told_from_one_that_forbids(machine: Callable[..., None]) -> None:
    machine()
    assert "kernel lacks something" in host.advice(EnclosureError(SET_UP, "ip: Unknown device type"))


def test_a_missing_tool_comes_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "missing_tools", lambda: ["nft"])
    monkeypatch.setattr(host, "_privilege", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda tool, path=None: f"/usr/bin/{tool}")
    with pytest.raises(host.HostError, match="sudo apt-get install -y nftables"):
        host.install_tools()


def test_another_system_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "needs Linux" in str(host.obstacle())


def test_a_refused_namespace_is_reported_and_the_command_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(function: str, *_: object) -> None:
        raise PermissionError(errno.EPERM, f"{function}: no")

    monkeypatch.setattr(enclosure, "_call", refuse)
    with pytest.raises(EnclosureError, match=r"namespaces?: .*: no"):
        enclosure.run(["touch", f"{tmp_path}/ran"], lambda: None)
    assert not (tmp_path / "ran").exists()


@pytest.mark.usefixtures("_permitted")
def test_a_failed_set_up_is_reported_and_the_command_not_run(tmp_path: Path) -> None:
    def fail() -> None:
        raise OSError("no veth here")

    with pytest.raises(EnclosureError, match="setting up inside: no veth here"):
        enclosure.run(["touch", f"{tmp_path}/ran"], fail)
    assert not (tmp_path / "ran").exists()


@pytest.mark.usefixtures("_permitted")
def test_the_commands_status_is_passed_on() -> None:
    assert run_inside("sh", "-c", "exit 7").returncode == 7


@pytest.mark.usefixtures("_permitted")
def test_a_command_that_is_not_there_fails_clearly() -> None:
    done = run_inside("no-such-command")
    assert done.returncode == 127
    assert "no-such-command" in done.stderr


@pytest.mark.usefixtures("_permitted")
def test_inside_there_is_no_way_out() -> None:
    done = run_inside("ip", "-brief", "link")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["lo"]


@pytest.mark.usefixtures("_permitted")
def test_entering_again_from_inside_does_nothing() -> None:
    script = "from lab import host; host.reexecute(); print(host.inside())"
    assert run_inside(sys.executable, "-c", script).stdout == "True\n"


@pytest.mark.usefixtures("_permitted")
def test_a_program_takes_itself_inside_with_its_arguments() -> None:
    script = "import sys; from lab import host; host.reexecute(); print(host.inside(), sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", script, "a b", "c"], cwd=host.PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True ['a b', 'c']\n"


@pytest.mark.usefixtures("_permitted")
def test_a_signal_reaches_the_command_and_its_answer_comes_back(tmp_path: Path) -> None:
    script = f"trap 'exit 5' TERM; touch {tmp_path}/ready; while :; do sleep 0.05; done"
    process = subprocess.Popen([sys.executable, "-m", "lab.host", "sh", "-c", script], cwd=host.PROJECT)
    _await((tmp_path / "ready").exists)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 5


@pytest.mark.usefixtures("_permitted")
def test_nothing_survives_the_one_who_started_it(tmp_path: Path) -> None:
    script = f"setsid sh -c 'while :; do date +%s%N >{tmp_path}/alive; sleep 0.05; done' & wait"
    process = subprocess.Popen([sys.executable, "-m", "lab.host", "sh", "-c", script], cwd=host.PROJECT)
    _await((tmp_path / "alive").exists)
    process.kill()
    process.wait()
    time.sleep(0.3)
    last = (tmp_path / "alive").read_text()
    time.sleep(0.3)
    assert (tmp_path / "alive").read_text() == last


def _await(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)

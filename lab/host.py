"""Whether this machine can hold the laboratory, and how a command gets inside it.

The laboratory is a set of namespaces (user, network, mount, process) that need no root. Whatever runs inside is
cut off from the machine's own network and dies with the command that started it.

    python -m lab.host              says whether this machine can do it, and what to do if not
    python -m lab.host COMMAND...   runs COMMAND inside
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lab.network import enclosure
from lab.world import AWS_SERVICE_ADDRESS

PROJECT: Final = Path(__file__).resolve().parent.parent
_INSIDE: Final = "ROUTEKEEPER_LAB"
"""Environment variable that names the laboratory's process namespace."""
_SBIN: Final = "/usr/local/sbin:/usr/sbin:/sbin"
_PACKAGES: Final = {"ip": "iproute2", "nft": "nftables"}
"""Debian and Ubuntu package by tool."""

_TRIAL: Final = """
netns add trial
link add trial-a type veth peer name trial-b netns trial
link add trial-bridge type bridge
address add fd00::1/64 dev trial-a
"""
_TRIAL_RULES: Final = """
table bridge trial { chain forward { type filter hook forward priority 0; numgen random mod 2 < 0 drop; }; }
table ip trial { chain postrouting { type nat hook postrouting priority srcnat; masquerade; }; }
"""

_NOT_LINUX: Final = f"the laboratory needs Linux namespaces, and this is {sys.platform}: use a Linux machine or VM"


class HostError(RuntimeError):
    """This machine cannot hold the laboratory; the message says why and what to do."""


def inside() -> bool:
    """Whether this process runs in the laboratory."""
    return os.environ.get(_INSIDE) == _process_namespace()


def require_inside() -> None:
    """Raise HostError unless this process runs in the laboratory."""
    if not inside():
        raise HostError(f"this runs inside the laboratory only: {sys.executable} -m lab.host COMMAND")


def reexecute(command: Sequence[str] | None = None) -> None:
    """Run this very command (or `command`) inside the laboratory and exit with its status.

    Inside already: return at once. Missing tools are installed first where that is possible.
    Raises HostError where this machine cannot do it.
    """
    if inside():
        return
    install_tools()
    sys.stdout.flush()
    sys.stderr.flush()
    raise SystemExit(run(sys.orig_argv if command is None else command))


def run(command: Sequence[str]) -> int:
    """Run a command inside the laboratory; its exit status (128 + signal if one killed it).

    Raises HostError where this machine cannot do it.
    """
    if not sys.platform.startswith("linux"):
        raise HostError(_NOT_LINUX)
    try:
        return enclosure.run(command, set_up)
    except enclosure.EnclosureError as err:
        raise HostError(advice(err)) from err


def set_up() -> None:
    """Make the fresh namespaces usable; the first process inside calls this. Raises OSError, CalledProcessError."""
    os.environ[_INSIDE] = _process_namespace()
    os.environ["PATH"] = _search_path()
    batch = f"link set lo up\naddress replace {AWS_SERVICE_ADDRESS}/32 dev lo\n"
    _feed(["ip", "-batch", "-"], batch)
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 0")


def obstacle() -> str | None:
    """Why this machine cannot hold the laboratory and what to do, or None if it can. Tries it for real."""
    if not sys.platform.startswith("linux"):
        return _NOT_LINUX
    missing = missing_tools()
    if missing:
        return f"{' and '.join(missing)} not found: {_by_hand(missing)}"
    trial = subprocess.run(
        [sys.executable, "-m", "lab.host", sys.executable, "-m", "lab.host", "--trial"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return None if trial.returncode == 0 else trial.stderr.strip() or f"the trial ended with {trial.returncode}"


def missing_tools() -> list[str]:
    """The tools that the laboratory needs and this machine lacks."""
    return [tool for tool in _PACKAGES if shutil.which(tool, path=_search_path()) is None]


def install_tools() -> None:
    """Install what is missing with apt-get as root or by passwordless sudo. Raises HostError where neither works."""
    missing = missing_tools()
    if not missing:
        return
    prefix = _privilege()
    if prefix is None or shutil.which("apt-get") is None:
        raise HostError(f"{' and '.join(missing)} not found: {_by_hand(missing)}")
    packages = [_PACKAGES[tool] for tool in missing]
    print(f"installing {' '.join(packages)}", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-qq"], ["install", "-qq", "-y", *packages]):
        done = subprocess.run([*prefix, "apt-get", *step], env=environment, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            raise HostError(f"apt-get {step[0]} failed: {_by_hand(missing)}")


def advice(failure: enclosure.EnclosureError) -> str:
    """A failed step in words, with what to do about it on this machine."""
    return f"cannot make a laboratory here: {failure}\n{_remedy(failure)}"


def _remedy(failure: enclosure.EnclosureError) -> str:
    if _setting("user/max_user_namespaces") == "0":
        return "user namespaces are switched off: sudo sysctl -w user.max_user_namespaces=15000"
    if _setting("kernel/unprivileged_userns_clone") == "0" and os.geteuid() != 0:
        return "only root may make user namespaces here: sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1" and os.geteuid() != 0:
        return (
            "AppArmor restricts user namespaces here (Ubuntu 23.10 and newer):\n"
            "  sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        )
    if _in_container():
        return "this is a container without the right to make namespaces: start it with docker run --privileged"
    if failure.step == enclosure.SET_UP:
        return "the kernel lacks something that the network needs (veth, bridge, nf_tables), or forbids it"
    return "ask whoever runs this machine to allow unprivileged user namespaces, or run this as root"


def _in_container() -> bool:
    return any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))


def _setting(name: str) -> str:
    path = Path("/proc/sys") / name
    return path.read_text().strip() if path.exists() else ""


def _privilege() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    allowed = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    return ["sudo", "-n"] if allowed else None


def _by_hand(missing: Sequence[str]) -> str:
    packages = " ".join(_PACKAGES[tool] for tool in missing)
    if shutil.which("apt-get") is not None:
        return f"sudo apt-get install -y {packages}"
    return f"install {packages} with this machine's package manager (Fedora: sudo dnf install iproute nftables)"


def _search_path() -> str:
    path = os.environ.get("PATH", "/usr/bin:/bin")
    return path if path.endswith(_SBIN) else f"{path}:{_SBIN}"


def _process_namespace() -> str:
    return str(Path("/proc/self/ns/pid").readlink())


def _feed(command: Sequence[str], text: str) -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def _trial() -> int:
    """Inside: make one of everything that the network is made of."""
    try:
        _feed(["ip", "-batch", "-"], _TRIAL)
        _feed(["nft", "-f", "-"], _TRIAL_RULES)
    except OSError as err:
        print(f"this kernel cannot carry the laboratory's network: {err}", file=sys.stderr)
        return 1
    return 0


def main(arguments: Sequence[str]) -> int:
    """The command line; its exit status."""
    if list(arguments) == ["--trial"]:
        require_inside()
        return _trial()
    try:
        if arguments:
            install_tools()
            return run(arguments)
        problem = obstacle()
    except HostError as err:
        problem = str(err)
    print(problem or "this machine can hold the laboratory", file=sys.stderr if problem else sys.stdout)
    return 1 if problem else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

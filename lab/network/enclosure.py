"""Running a command in new user, network, mount and process namespaces, without root.

Four processes stand in a row: the caller, which waits; a child in the new user namespace; the first process of the new
process namespace; the command. Signals sent to the caller are passed along the row, and the death of any of them
kills everything behind it: the kernel ends a process namespace with its first process.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn

# linux/sched.h, sys/mount.h, linux/prctl.h, asm-generic/siginfo.h
_CLONE_NEWNS: Final = 0x00020000
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWPID: Final = 0x20000000
_CLONE_NEWNET: Final = 0x40000000
_MS_REC_PRIVATE: Final = 0x4000 | 0x40000
_PR_SET_PDEATHSIG: Final = 1
_SI_KERNEL: Final = 0x80
_NOT_FOUND: Final = 127
"""The exit status of a command that could not be started, as in a shell."""

USER_NAMESPACE: Final = "user namespace"
OTHER_NAMESPACES: Final = "network, mount and process namespaces"
SET_UP: Final = "setting up inside"

_PASSED_ON: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
_WATCHED: Final = _PASSED_ON | {signal.SIGCHLD}

_Mask = set[int | signal.Signals]

_libc: Final = ctypes.CDLL(None, use_errno=True)


class EnclosureError(OSError):
    """A step towards the namespaces failed: `step` is one of this module's constants."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step


def run(command: Sequence[str], set_up: Callable[[], None]) -> int:
    """Run a command in new namespaces; its exit status (128 + signal if one killed it).

    `set_up` is called inside, before the command. Raises EnclosureError.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    try:
        child = os.fork()
        if child == 0:
            ours.close()
            _live_as_child(theirs, command, set_up, before)
        theirs.close()
        failure = _attend(ours, child)
        status = _stand_in_for(child)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        ours.close()
    if failure:
        step, _, reason = failure.partition("\n")
        raise EnclosureError(step, reason)
    return status


def _attend(channel: socket.socket, child: int) -> str:
    """Map the child's users when it asks; what it reports as failed, or nothing once the command runs."""
    message = channel.recv(4096)
    if message == b"map":
        failure = _map_users(child)
        channel.send(failure.encode() or b"ok")
        message = channel.recv(4096)
    return message.decode()


def _map_users(child: int) -> str:
    """Root keeps every user and group it can name; anyone else becomes root of a world of one."""
    whole = "0 0 4294967295" if os.geteuid() == 0 else ""
    alone = {"uid_map": f"0 {os.geteuid()} 1", "gid_map": f"0 {os.getegid()} 1"}
    process = Path(f"/proc/{child}")
    if whole:
        with contextlib.suppress(OSError):
            (process / "uid_map").write_text(whole)
            (process / "gid_map").write_text(whole)
            return ""
    try:
        (process / "setgroups").write_text("deny")
        for name, line in alone.items():
            (process / name).write_text(line)
    except OSError as err:
        return f"{err}"
    return ""


def _live_as_child(channel: socket.socket, command: Sequence[str], set_up: Callable[[], None], mask: _Mask) -> NoReturn:
    """In the child: enter the namespaces, start the first process, wait for it."""
    try:
        _enter_namespaces(channel)
        first = os.fork()
        if first == 0:
            _live_as_first(channel, command, set_up, mask)
        channel.close()
        os._exit(_stand_in_for(first))
    except EnclosureError as err:
        _report(channel, err)
    except BaseException as err:  # noqa: BLE001 - a forked child must never return into its parent's code
        _report(channel, EnclosureError(OTHER_NAMESPACES, repr(err)))


def _live_as_first(channel: socket.socket, command: Sequence[str], set_up: Callable[[], None], mask: _Mask) -> NoReturn:
    """In the first process inside: prepare the mounts, start the command, reap whatever is orphaned."""
    try:
        _call("prctl", _PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        _mount_inside()
        set_up()
        last = os.fork()
        if last == 0:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            _execute(command)
        channel.close()
        os._exit(_stand_in_for(last, reap_orphans=True))
    except BaseException as err:  # noqa: BLE001 - as above
        _report(channel, EnclosureError(SET_UP, str(err)))


def _execute(command: Sequence[str]) -> NoReturn:
    try:
        os.execvp(command[0], list(command))  # noqa: S606 - the caller says what to run
    except OSError as err:
        print(f"{command[0]}: {err.strerror}", file=sys.stderr, flush=True)
        os._exit(_NOT_FOUND)


def _enter_namespaces(channel: socket.socket) -> None:
    try:
        _call("unshare", _CLONE_NEWUSER)
    except OSError as err:
        if os.geteuid() != 0:
            raise EnclosureError(USER_NAMESPACE, str(err)) from err
    else:
        channel.send(b"map")
        answer = channel.recv(4096)
        if answer != b"ok":
            raise EnclosureError(USER_NAMESPACE, answer.decode())
    try:
        # After the user namespace: a change of capabilities clears the parent-death signal (prctl(2)).
        _call("prctl", _PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        _call("unshare", _CLONE_NEWNET | _CLONE_NEWNS | _CLONE_NEWPID)
    except OSError as err:
        raise EnclosureError(OTHER_NAMESPACES, str(err)) from err


def _mount_inside() -> None:
    """Keep mounts to ourselves, an empty /run for the names of network namespaces, our own processes in /proc."""
    _mount("none", "/", "none", _MS_REC_PRIVATE)
    _mount("laboratory", "/run", "tmpfs", 0)
    Path("/run/netns").mkdir()
    # Refused where a container masks parts of /proc; the outer one serves as long as it is writable.
    with contextlib.suppress(OSError):
        _mount("proc", "/proc", "proc", 0)


def _stand_in_for(process: int, *, reap_orphans: bool = False) -> int:
    """Wait for a process, passing signals on to it; its exit status. The watched signals must be blocked."""
    while True:
        info = signal.sigwaitinfo(_WATCHED)
        if info.si_signo != signal.SIGCHLD:
            # What the terminal sends (Ctrl-C), every process of the foreground group gets from it directly.
            if info.si_code != _SI_KERNEL:
                os.kill(process, info.si_signo)
            continue
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended == process:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        while reap_orphans and ended == 0 and _reap_one(process):
            pass


def _reap_one(spared: int) -> bool:
    """Reap one ended process other than `spared`, if there is one."""
    found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if found is None or found.si_pid == spared:
        return False
    os.waitpid(found.si_pid, 0)
    return True


def _report(channel: socket.socket, failure: EnclosureError) -> NoReturn:
    reason = str(failure).removeprefix(f"{failure.step}: ")
    with contextlib.suppress(OSError):
        channel.send(f"{failure.step}\n{reason}".encode())
    os._exit(1)


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    _call("mount", source.encode(), target.encode(), kind.encode(), flags, None)


def _call(function: str, *arguments: object) -> None:
    """Call the C library; raises OSError."""
    if getattr(_libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")

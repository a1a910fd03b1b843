# ruff: noqa: INP001 - a directory for PYTHONPATH, no package
"""Puts a Lambda function's process into its network namespace before anything of the function runs.

MiniStack runs functions as processes of its own. With this directory on its PYTHONPATH each of them comes through here
at start-up; ROUTEKEEPER_FUNCTION_NAMESPACES, a JSON object, says where those belong whose name contains a given text:

    {"MonitorA": "vantage-a", "MonitorB": "vantage-b"}

A function that fits none stays where it is, and so does every other process.
"""

import json
import os
import sys


def _namespace() -> str | None:
    function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    places = json.loads(os.environ.get("ROUTEKEEPER_FUNCTION_NAMESPACES", "{}"))
    return next((place for part, place in places.items() if function and part in function), None)


def _enter(name: str) -> None:
    import ctypes  # noqa: PLC0415 - every other process is spared it

    new_network = 0x40000000  # CLONE_NEWNET, linux/sched.h
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if libc.setns(descriptor, new_network) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)


try:
    _place = _namespace()
    if _place is not None:
        _enter(_place)
except (OSError, ValueError, AttributeError) as error:
    # Python goes on after an exception in here, and the function would probe from the wrong place: so exit.
    sys.exit(f"cannot enter the network namespace of this function: {error}")

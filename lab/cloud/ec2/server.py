"""The EC2 server process: moto's server with the laboratory's additions.

Run as `python -m lab.cloud.ec2.server --host 127.0.0.1 --port 4567 --region eu-central-1`.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from lab.cloud.aws_events import StateChanges
from lab.cloud.ec2.emulation import emulated_ec2
from lab.cloud.ec2.lab_api import LabApi
from lab.cloud.ec2.permissions import Permissions
from lab.cloud.parenthood import end_with_parent


class _Handler(MotoRequestHandler):
    """Keeps connections open (a new one per call costs several milliseconds) and does not log every request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if str(code) >= "500":
            super().log_request(code, size)


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM, or until the parent process is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--permissions", metavar="URL", help="where to ask who may do what (default: all may all)")
    parser.add_argument("--events", metavar="URL", help="where to tell of instances' states (default: nowhere)")
    options = parser.parse_args(arguments)
    end_with_parent()
    signal.signal(signal.SIGTERM, _leave)
    moto: Any = DomainDispatcherApplication(create_backend_app)
    with emulated_ec2() as lab:
        if options.permissions:
            lab.permissions = Permissions(
                options.permissions, options.region, DEFAULT_ACCOUNT_ID, _tags(options.region)
            )
        if options.events:
            lab.tell = StateChanges(options.events, DEFAULT_ACCOUNT_ID, options.region)
        threading.Thread(target=lab.timeline.run_until, args=(threading.Event(),), daemon=True).start()
        api: Any = LabApi(lab, options.region, moto)
        server: Any = make_server(options.host, options.port, api, threaded=True, request_handler=_Handler)
        server.daemon_threads = True
        server.serve_forever()


def _tags(region: str) -> Callable[[str], dict[str, str]]:
    def tags(resource: str) -> dict[str, str]:
        return dict(ec2_backends[DEFAULT_ACCOUNT_ID][region].tags.get(resource, {}))

    return tags


def _leave(*_: Any) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()

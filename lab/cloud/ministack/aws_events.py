"""Events of AWS's own services on MiniStack's event bus.

PutEvents refuses sources that begin with `aws.`, here as in AWS. What EC2, Auto Scaling and Health would say comes in
at POST /lab/events: a PutEvents request, answered as one.
"""

from __future__ import annotations

import json
from typing import Any

PATH = "/lab/events"


def put(events: Any, request: Any) -> Any:
    """Put the entries onto the bus as AWS itself does; MiniStack's answer."""
    _, _, body = events._put_events(request, allow_aws_source=True)
    return json.loads(body)

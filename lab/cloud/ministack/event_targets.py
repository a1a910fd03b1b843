"""Functions as targets of EventBridge rules and schedules: invoked asynchronously, with retries and destinations.

Source: "How Lambda handles errors and retries with asynchronous invocation" in the AWS Lambda developer guide. The
waits between the attempts are seconds here and minutes there.
"""

from __future__ import annotations

import json
from typing import Any


def install(eventbridge: Any, lambda_service: Any) -> None:
    """Send events to functions the way that MiniStack's own Invoke with InvocationType=Event does."""

    def dispatch(arn: str, payload: str) -> None:
        function, configuration, name = lambda_service._get_func_record_for_ref(arn)
        if not function or not configuration:
            raise LookupError(f"an event rule names a function that does not exist: {name}")
        record = lambda_service._execution_record_for_config(function, configuration)
        lambda_service.invoke_async_with_retry(record, json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch

"""Metrics that AWS services publish about themselves and that alarms read: function errors and queue lengths.

Sources: "Types of metrics for Lambda functions" in the AWS Lambda developer guide; "Available CloudWatch metrics for
Amazon SQS" in the Amazon SQS developer guide (published every minute there, every ten seconds here).
"""

from __future__ import annotations

import threading
import time
from typing import Any

QUEUES_EVERY_SECONDS = 10.0


def install(lambda_service: Any, cloudwatch: Any, sqs: Any, responses: Any, account: str, region: str) -> None:
    """Count every invocation, whoever caused it, and publish queue lengths."""
    execute = lambda_service._execute_function_dispatch

    def counted(function: Any, config: dict[str, Any], event: Any, request_id: str, started: float) -> Any:
        result = execute(function, config, event, request_id, started)
        failed = 1 if result.get("error") else 0
        dimensions = {"FunctionName": config["FunctionName"]}
        cloudwatch.record_metric("AWS/Lambda", "Invocations", 1, "Count", dimensions)
        cloudwatch.record_metric("AWS/Lambda", "Errors", failed, "Count", dimensions)
        cloudwatch.record_metric("AWS/Lambda", "Duration", (time.time() - started) * 1000, "Milliseconds", dimensions)
        return result

    def throttles_only(name: str, *, throttle: bool, **_: Any) -> None:
        if throttle:
            cloudwatch.record_metric("AWS/Lambda", "Throttles", 1, "Count", {"FunctionName": name})

    def watch_queues() -> None:
        responses.set_request_account_id(account)
        responses.set_request_region(region)
        while True:
            time.sleep(QUEUES_EVERY_SECONDS)
            _publish_queue_lengths(sqs, cloudwatch)

    lambda_service._execute_function_dispatch = counted
    lambda_service._emit_lambda_metrics = throttles_only
    threading.Thread(target=watch_queues, daemon=True, name="queue-metrics").start()


def _publish_queue_lengths(sqs: Any, cloudwatch: Any) -> None:
    now = time.time()
    for queue in list(sqs._queues.values()):
        visible = sum(message["visible_at"] <= now for message in list(queue["messages"]))
        cloudwatch.record_metric(
            "AWS/SQS", "ApproximateNumberOfMessagesVisible", visible, "Count", {"QueueName": queue["name"]}
        )

"""MiniStack's process: applies the corrections of this package, then runs MiniStack as usual.

Run by path under MiniStack's interpreter: `python lab/cloud/ministack/entry.py OUTPUT_FILE`. Everything else comes
from the environment, as MiniStack has it.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[3])  # this file is run by path, under another interpreter

from lab.cloud import parenthood  # noqa: E402
from lab.cloud.ministack import (  # noqa: E402
    alarms,
    aws_events,
    condition_keys,
    event_targets,
    function_output,
    own_paths,
    permission_checks,
    request_log,
    service_metrics,
    streams,
)

SCHEDULES_EVERY_SECONDS = 1


def main() -> None:
    """Correct and serve; the only argument is the file for the functions' output."""
    output_file = Path(sys.argv.pop(1))
    app = importlib.import_module("ministack.app")
    responses: Any = importlib.import_module("ministack.core.responses")
    runtime: Any = importlib.import_module("ministack.core.lambda_runtime")
    iam_actions: Any = importlib.import_module("ministack.core.iam_actions")
    evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
    cloudwatch, dynamodb, events, functions, sqs = map(
        _service, ("cloudwatch", "dynamodb", "eventbridge", "lambda_svc", "sqs")
    )
    account, region = os.environ["MINISTACK_ACCOUNT_ID"], os.environ["MINISTACK_REGION"]
    parenthood.end_with_parent()
    alarms.install(cloudwatch, responses, account, region)
    streams.install(functions, dynamodb)
    event_targets.install(events, functions)
    function_output.install(runtime, output_file)
    service_metrics.install(functions, cloudwatch, sqs, responses, account, region)
    condition_keys.install(iam_actions, dynamodb)
    request_log.install(dynamodb, evaluator, account, output_file.with_name("dynamodb.jsonl"))
    serve = functools.partial(own_paths.serve, app, responses, account, region)
    serve(permission_checks.PATH, functools.partial(permission_checks.permitted, evaluator, account, region))
    serve(aws_events.PATH, functools.partial(aws_events.put, events))
    events._SCHEDULER_TICK_INTERVAL = SCHEDULES_EVERY_SECONDS
    app.main()


def _service(name: str) -> Any:
    return importlib.import_module(f"ministack.services.{name}")


if __name__ == "__main__":
    main()

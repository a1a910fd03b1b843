"""Functions that do as they are told: the laboratory's AWS is tested with them."""

import json
import os
import sys
import time
from typing import Any

import boto3
from botocore.exceptions import ClientError


def call(event: Any, _: Any) -> list[str]:
    """Make AWS calls ([service, method, arguments] each) and answer with their error codes."""
    answers = []
    for service, method, arguments in event.get("calls", []):
        if arguments.get("TableName"):
            arguments["TableName"] = os.environ["TABLE"]
        try:
            getattr(boto3.client(service), method)(**arguments)
            answers.append("")
        except ClientError as error:
            answers.append(error.response["Error"]["Code"])
    for place in event.get("beats", []):
        _say(_beat(place))
    time.sleep(event.get("sleep", 0))
    if event.get("fail"):
        raise RuntimeError("told to fail")
    return answers


def listen(event: Any, _: Any) -> dict[str, Any]:
    """Fail for records that say "fail", by name; fail the whole batch for those that say "poison"."""
    keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
    _say(" ".join(["batch", *keys]))
    if any("poison" in key for key in keys):
        raise RuntimeError("poison")
    bad = [r for r, key in zip(event["Records"], keys, strict=True) if "fail" in key]
    return {"batchItemFailures": [{"itemIdentifier": r["dynamodb"]["SequenceNumber"]} for r in bad]}


def fail(*_: Any) -> None:
    """Fail."""
    raise RuntimeError("told to fail")


def dawdle(*_: Any) -> None:
    """Take three seconds for every batch."""
    time.sleep(3)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _beat(place: str) -> str:
    metrics = {"Namespace": "small-app", "Dimensions": [["place"]], "Metrics": [{"Name": "Beats", "Unit": "Count"}]}
    about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metrics]}
    return json.dumps({"_aws": about, "place": place, "Beats": 1})

"""What the simulator knows of the deployment is what the template says."""

from __future__ import annotations

from typing import Any

import pytest

from lab.simulator import bus, stream
from lab.simulator.full_watch import TIMEOUT_SECONDS
from lab.simulator.functions import TIMEOUTS
from tests.template.rendering import of_type, render


@pytest.fixture(scope="module")
def stack() -> dict[str, dict[str, Any]]:
    return render()


@pytest.mark.parametrize(("name", "seconds"), [*TIMEOUTS.items(), ("monitorA", TIMEOUT_SECONDS)])
def test_functions_are_ended_when_lambda_ends_them(stack: dict[str, Any], name: str, seconds: float) -> None:
    assert stack[name[0].upper() + name[1:]]["Properties"]["Timeout"] == seconds


def test_the_stream_gives_up_as_it_is_told_to(stack: dict[str, Any]) -> None:
    mappings = of_type(stack, "AWS::Lambda::EventSourceMapping").values()
    assert mappings
    for mapping in mappings:
        assert mapping["MaximumRetryAttempts"] == stream.MAXIMUM_RETRIES
        assert mapping["MaximumRecordAgeInSeconds"] == stream.MAXIMUM_AGE_SECONDS


def test_what_aws_says_is_tried_again_as_often_as_it_is(stack: dict[str, Any]) -> None:
    configs = of_type(stack, "AWS::Lambda::EventInvokeConfig").values()
    (router,) = [config for config in configs if "Router" in str(config["FunctionName"])]
    assert router["MaximumRetryAttempts"] == len(bus.RETRIES_SECONDS)

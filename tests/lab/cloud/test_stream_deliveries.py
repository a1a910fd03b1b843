from __future__ import annotations

from typing import Any

import pytest

from lab.cloud.ministack.streams import Policy, Progress, Verdict, judge

BATCH = ["1", "2", "3", "4"]
STRICT = Policy(retries=2, max_age_seconds=60, bisect=True, partial=True)
FAILED = {"error": True}


def verdict(
    result: dict[str, Any],
    policy: Policy = STRICT,
    progress: Progress | None = None,
    batch: list[str] | None = None,
    age: float = 0,
) -> Verdict:
    return judge(policy, progress or Progress(), BATCH if batch is None else batch, result, age, now=100)


def failures(*numbers: str) -> dict[str, Any]:
    return {"body": {"batchItemFailures": [{"itemIdentifier": n} for n in numbers]}}


@pytest.mark.parametrize("body", [None, {}, {"batchItemFailures": []}, "done"])
def test_an_answer_without_failures_finishes_the_batch(body: Any) -> None:
    assert verdict({"body": body}) == Verdict(4, Progress())


def test_everything_before_the_first_failed_record_is_finished() -> None:
    assert verdict(failures("4", "3")).finished == 2


def test_failures_that_name_no_record_of_the_batch_fail_all_of_it() -> None:
    assert verdict(failures("9")).finished == 0


def test_partial_failures_count_only_where_the_mapping_asks_for_them() -> None:
    assert verdict(failures("1"), Policy()).finished == 4


def test_a_failing_batch_is_halved_down_to_its_poison_record_at_no_cost_of_retries() -> None:
    assert verdict(FAILED).progress == Progress(failures=0, limit=2, not_before=101)
    assert verdict(FAILED, batch=["1"]).progress == Progress(failures=1, limit=0, not_before=101)


def test_a_poison_record_is_set_aside_after_its_retries() -> None:
    assert verdict(FAILED, progress=Progress(failures=1), batch=["1"]).finished == 0
    given_up = verdict(FAILED, progress=Progress(failures=2), batch=["1"])
    assert given_up == Verdict(1, Progress(), "RetryAttemptsExhausted")


def test_records_past_their_age_are_set_aside() -> None:
    assert verdict(FAILED, age=61) == Verdict(4, Progress(), "MaxRecordAgeExceeded")


def test_without_limits_a_failing_batch_is_tried_for_ever() -> None:
    assert verdict(FAILED, Policy(), Progress(failures=10_000), age=10_000).discard == ""


def test_a_throttled_function_costs_no_retry() -> None:
    assert verdict({"throttle": True, "error": True}, progress=Progress(failures=2)).progress.failures == 2


def test_a_policy_is_read_as_cloudformation_leaves_it() -> None:
    mapping = {
        "MaximumRetryAttempts": "3",
        "MaximumRecordAgeInSeconds": 120,
        "BisectBatchOnFunctionError": "true",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    assert Policy.of(mapping) == Policy(3, 120, bisect=True, partial=True)
    assert Policy.of({}) == Policy()

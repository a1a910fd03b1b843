"""Table streams delivered to functions as AWS does it: each mapping by itself, with limits and partial failures.

Source: "Process DynamoDB records with Lambda" in the AWS Lambda developer guide, with its pages on error handling
and on batch item failures.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

RETRY_AFTER_SECONDS: Final = 1.0
Discard = Literal["", "RetryAttemptsExhausted", "MaxRecordAgeExceeded"]


@dataclass(frozen=True, slots=True)
class Policy:
    """An event source mapping's answer to failures; -1 means no limit."""

    retries: int = -1
    max_age_seconds: int = -1
    bisect: bool = False
    partial: bool = False

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> Policy:
        """The policy of a mapping as MiniStack stores it."""
        return cls(
            retries=int(mapping.get("MaximumRetryAttempts", -1)),
            max_age_seconds=int(mapping.get("MaximumRecordAgeInSeconds", -1)),
            bisect=str(mapping.get("BisectBatchOnFunctionError", False)).lower() == "true",
            partial="ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ()),
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """What a mapping remembers about the batch at the head of its stream."""

    failures: int = 0
    limit: int = 0
    """The size to which a failing batch was bisected; 0: not bisected."""
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from one delivery: `finished` records are done with, discarded where `discard` says why."""

    finished: int
    progress: Progress
    discard: Discard = ""


def judge(
    policy: Policy,
    progress: Progress,
    sequence_numbers: Sequence[str],
    result: Mapping[str, Any],
    oldest_age_seconds: float,
    now: float,
) -> Verdict:
    """What to do after the function has answered to a batch.

    `result` is what MiniStack's executor returns: `error` or `throttle` set on failure, else `body`.
    """
    size = len(sequence_numbers)
    later = now + RETRY_AFTER_SECONDS
    if result.get("throttle"):
        return Verdict(0, Progress(progress.failures, progress.limit, later))
    good = 0 if result.get("error") else _leading_successes(policy, sequence_numbers, result.get("body"))
    if good:
        return Verdict(good, Progress(not_before=later if good < size else 0.0))
    if 0 <= policy.max_age_seconds < oldest_age_seconds:
        return Verdict(size, Progress(), "MaxRecordAgeExceeded")
    if policy.bisect and size > 1:
        return Verdict(0, Progress(progress.failures, size // 2, later))
    if 0 <= policy.retries <= progress.failures:
        return Verdict(size, Progress(), "RetryAttemptsExhausted")
    return Verdict(0, Progress(progress.failures + 1, progress.limit, later))


def _leading_successes(policy: Policy, sequence_numbers: Sequence[str], body: Any) -> int:
    """How many records at the head are done; a failure that names no record of the batch fails all of it."""
    failures = body.get("batchItemFailures") if policy.partial and isinstance(body, dict) else None
    if not failures:
        return len(sequence_numbers)
    named = [f.get("itemIdentifier") for f in failures]
    if any(n not in sequence_numbers for n in named):
        return 0
    return min(sequence_numbers.index(n) for n in named)


class Deliveries:
    """Stands in for MiniStack's poller of table streams: one thread per batch, one batch at a time per mapping."""

    def __init__(self, lambda_service: Any, dynamodb: Any) -> None:
        self._lambda = lambda_service
        self._dynamodb = dynamodb
        self._progress: dict[str, Progress] = {}
        self._busy: set[str] = set()

    def poll(self) -> bool:
        """Start what can be started; MiniStack calls it about once a second and whenever a stream gains a record."""
        for account, region, mapping in self._lambda._iter_all_esms():
            name = mapping["UUID"]
            waits = self._progress.get(name, Progress()).not_before > time.time()
            if name in self._busy or waits or not mapping.get("Enabled", True):
                continue
            if ":dynamodb:" in mapping.get("EventSourceArn", "") and self._has_records(account, region, mapping):
                self._busy.add(name)
                arguments = (account, region, mapping)
                threading.Thread(target=self._deliver, args=arguments, daemon=True, name=f"stream-{name}").start()
        return False

    @contextlib.contextmanager
    def _scope(self, account: str, region: str) -> Iterator[None]:
        account_before = self._lambda._request_account_id.set(account)
        region_before = self._lambda._request_region.set(region)
        try:
            yield
        finally:
            self._lambda._request_account_id.reset(account_before)
            self._lambda._request_region.reset(region_before)

    def _has_records(self, account: str, region: str, mapping: Mapping[str, Any]) -> bool:
        with self._scope(account, region):
            table = _table(mapping)
            return bool(self._dynamodb.stream_end_position(table) > self._position(mapping))

    def _position(self, mapping: Mapping[str, Any]) -> int:
        table, positions = _table(mapping), self._lambda._dynamodb_stream_positions
        start = self._dynamodb.stream_start_position(table)
        latest = mapping.get("StartingPosition") == "LATEST"
        first = self._dynamodb.stream_end_position(table) if latest else start
        if mapping["UUID"] not in positions:
            positions[mapping["UUID"]] = first
        return max(int(positions[mapping["UUID"]]), int(start))

    def _deliver(self, account: str, region: str, mapping: dict[str, Any]) -> None:
        try:
            with self._scope(account, region):
                self._one_batch(mapping)
        finally:
            self._busy.discard(mapping["UUID"])
            self._lambda._esm_wake.set()

    def _one_batch(self, mapping: dict[str, Any]) -> None:
        name, position = mapping["UUID"], self._position(mapping)
        progress = self._progress.get(name, Progress())
        size = progress.limit or int(mapping.get("BatchSize", 100))
        read = self._dynamodb.stream_records_since(_table(mapping), position, size)
        wanted = [
            (n, record) for n, record in enumerate(read) if self._lambda._apply_filter_criteria([record], mapping)
        ]
        if not wanted:
            self._advance(name, position + len(read), Progress())
            return
        records = [record for _, record in wanted]
        function, _ = self._lambda._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        result = self._lambda._execute_function(function, {"Records": records})
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        now = time.time()
        oldest = now - min(float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in records)
        verdict = judge(Policy.of(mapping), progress, numbers, result, oldest, now)
        if verdict.discard:
            self._lambda._send_ddb_stream_failure_record(
                mapping, function, records, mapping["EventSourceArn"], result, verdict.discard
            )
        done = len(read) if verdict.finished == len(records) else wanted[verdict.finished][0]
        mapping["LastProcessingResult"] = verdict.discard or (
            "OK" if verdict.finished else "PROBLEM: Function call failed"
        )
        self._advance(name, position + done, verdict.progress)

    def _advance(self, name: str, position: int, progress: Progress) -> None:
        self._lambda._dynamodb_stream_positions[name] = position
        self._progress[name] = progress
        if wait := max(0.0, progress.not_before - time.time()):
            threading.Timer(wait, self._lambda._esm_wake.set).start()


def _table(mapping: Mapping[str, Any]) -> str:
    return str(mapping["EventSourceArn"]).split(":table/")[1].split("/")[0]


def install(lambda_service: Any, dynamodb: Any) -> None:
    """Put these deliveries in the place of MiniStack's."""
    lambda_service._poll_dynamodb_streams = Deliveries(lambda_service, dynamodb).poll

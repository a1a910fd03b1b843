"""What the monitors say they sent: the summaries in all their heartbeats, read from the table's stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.laboratory import Laboratory


@dataclass(slots=True)
class Heartbeats:
    """One vantage's own beats: rounds by target, sent between its first and its last heartbeat (epoch seconds).

    What the first heartbeat sums up was sent before it, and does not count.
    """

    first: float
    last: float
    rounds: Counter[str] = field(default_factory=Counter)


def heartbeats(lab: Laboratory, start: float, end: float) -> dict[str, Heartbeats]:
    """Every vantage's beats of the time from `start` to `end`, in epoch seconds."""
    return summed_up(image for image in _heartbeats(lab) if start <= float(image["heartbeat_at"]["N"]) < end)


def summed_up(images: Iterable[Mapping[str, Any]]) -> dict[str, Heartbeats]:
    """What each vantage has told, from all heartbeats as the stream has them, oldest first."""
    found: dict[str, Heartbeats] = {}
    for image in images:
        vantage, at = image["name"]["S"], float(image["heartbeat_at"]["N"])
        beats = found.get(vantage)
        if beats is None:
            found[vantage] = Heartbeats(at, at)
            continue
        beats.last = at
        for target, summary in image["summaries"]["M"].items():
            beats.rounds[target] += sum(int(summary["M"].get(kind, {"N": "0"})["N"]) for kind in ("sent", "unknown"))
    return found


def _heartbeats(lab: Laboratory) -> Iterator[Mapping[str, Any]]:
    """The new image of every heartbeat in the table's stream."""
    streams = lab.aws.client("dynamodbstreams")
    table = lab.aws.client("dynamodb").describe_table(TableName=lab.deployment.resources["Table"])["Table"]
    which = {"StreamArn": table["LatestStreamArn"]}
    for shard in streams.describe_stream(**which)["StreamDescription"]["Shards"]:
        place = streams.get_shard_iterator(**which, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        iterator = place["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            if not page["Records"]:
                break
            for record in page["Records"]:
                image = record["dynamodb"].get("NewImage", {})
                if image.get("pk", {}).get("S", "").startswith("VANTAGE#"):
                    yield image
            iterator = page.get("NextShardIterator")

"""The same traffic in the words of each protocol family: a batch as the family's own SDK sends it."""

import base64
import gzip
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote_plus

import msgspec

from workers.bench.traffic import Happened

_encode = msgspec.json.Encoder().encode
_FAST: Final = 1  # compressing is the sender's work, and the bench is the sender

Body = Callable[[Sequence[Happened], str], bytes]


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """Where a family's SDKs send batches, under which Content-Type, and what is in them for a key.

    `path` has the key's place as {key} where it is sent in the address, `in_header` says whether it is sent there.
    """

    path: str
    media_type: str
    body: Body
    in_header: bool = True


def _segment(batch: Sequence[Happened], _: str) -> bytes:
    messages = [
        {
            "type": "track",
            "messageId": one.id,
            "userId": f"member-{one.customer}",
            "anonymousId": f"device-{one.customer}",
            "event": one.name,
            "properties": one.properties,
            "context": {"library": {"name": "bench", "version": "1"}},
            "timestamp": one.at,
        }
        for one in batch
    ]
    return _encode({"batch": messages, "sentAt": datetime.now(UTC)})


def _posthog(batch: Sequence[Happened], key: str) -> bytes:
    events = [
        {
            "event": one.name,
            "distinct_id": f"member-{one.customer}",
            "uuid": one.id,
            "properties": one.properties | {"$lib": "bench", "$lib_version": "1"},
            "timestamp": one.at,
        }
        for one in batch
    ]
    return gzip.compress(_encode({"api_key": key, "batch": events, "sent_at": datetime.now(UTC)}), _FAST)


def _cloudevents(batch: Sequence[Happened], _: str) -> bytes:
    return _encode(
        [
            {
                "specversion": "1.0",
                "id": one.id,
                "source": "/bench",
                "type": f"com.example.{one.name.replace(' ', '')}",
                "subject": f"member_code:member-{one.customer}",
                "time": one.at,
                "data": one.properties,
            }
            for one in batch
        ]
    )


def _sensors(batch: Sequence[Happened], _: str) -> bytes:
    records: list[dict[str, Any]] = [
        {
            "type": "track",
            "event": one.name.replace(" ", ""),
            "distinct_id": f"member-{one.customer}",
            "login_id": f"member-{one.customer}",
            "time": int(one.at.timestamp() * 1000),
            "properties": one.properties | {"$is_login_id": True, "$lib": "python", "$lib_version": "1"},
            "lib": {"$lib": "python", "$lib_version": "1", "$lib_method": "code"},
            "_track_id": one.number,
        }
        for one in batch
    ]
    data = base64.b64encode(gzip.compress(_encode(records), _FAST)).decode()
    return f"data_list={quote_plus(data)}&gzip=1".encode()


FAMILIES: Final[Mapping[str, Family]] = {
    "segment": Family(path="/v1/batch", media_type="application/json", body=_segment),
    "posthog": Family(path="/batch/", media_type="application/json", body=_posthog, in_header=False),
    "cloudevents": Family(path="/api/v1/events", media_type="application/cloudevents-batch+json", body=_cloudevents),
    "sensors": Family(
        path="/sa?token={key}", media_type="application/x-www-form-urlencoded", body=_sensors, in_header=False
    ),
}

"""Read the decision log: a stream's events, one event, the version a stream had at a position."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from projections.engine.projection import Reading

_COLUMNS = "notification_id AS position, originator_id AS stream_id, originator_version AS version, topic, state"
_STREAM = f"""
    SELECT {_COLUMNS} FROM decision_log
    WHERE originator_id = $1 AND originator_version > $2 AND notification_id <= coalesce($3, 9223372036854775807)
    ORDER BY originator_version LIMIT $4
"""
_AT = f"SELECT {_COLUMNS} FROM decision_log WHERE notification_id = $1"
_VERSION = """
    SELECT originator_version FROM decision_log WHERE originator_id = $1 AND notification_id <= $2
    ORDER BY originator_version DESC LIMIT 1
"""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked for an event and why; times are UTC."""

    occurred_at: datetime
    recorded_at: datetime
    actor: str = ""
    command_id: UUID | None = None
    causation_id: str | None = None
    correlation_id: str | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it lies in the log; personal values in the payload are sealed (base64)."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    meta: Envelope
    payload: dict[str, Any]


_decode = msgspec.json.Decoder(dict[str, Any]).decode


async def stream(
    reading: Reading, stream_id: UUID, *, after: int = 0, until: int | None = None, limit: int = 1_000
) -> list[Recorded]:
    """Return a stream's events from the version after `after` on, up to and including a position if one is given."""
    return [recorded(row) for row in await reading.fetch(_STREAM, stream_id, after, until, limit)]


async def event_at(reading: Reading, position: int) -> Recorded | None:
    """Return the event at a position, None if there is none."""
    row = await reading.fetchrow(_AT, position)
    return recorded(row) if row else None


async def version_at(reading: Reading, stream_id: UUID, position: int) -> int:
    """Return the version a stream had when the log was at a position; 0 before its first event."""
    return await reading.fetchval(_VERSION, stream_id, position) or 0


def recorded(row: asyncpg.Record) -> Recorded:
    """Return the event of a row."""
    payload = _decode(row["state"])
    meta = msgspec.convert(payload.pop("meta", {}), Envelope)
    return Recorded(
        position=row["position"],
        stream_id=row["stream_id"],
        version=row["version"],
        topic=row["topic"],
        meta=meta,
        payload=payload,
    )

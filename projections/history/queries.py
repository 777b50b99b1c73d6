"""Read the log as it is: a stream's events, one event, one fact, the version a stream had at a position."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

import domain.history
from domain.kernel.event import Event
from domain.kernel.stored import Unseal, from_state
from projections.engine.projection import Reading

__all__ = ["FactRead", "Happened", "event_at", "fact", "head", "stream", "version_at"]

_REGISTER = domain.history  # imported so that the event of every topic is known
_COLUMNS = "notification_id AS position, originator_id, originator_version, topic, state"
_STREAM = f"""
    SELECT {_COLUMNS} FROM decision_log
    WHERE originator_id = $1 AND originator_version > $2 AND notification_id <= coalesce($3, 9223372036854775807)
    ORDER BY originator_version LIMIT $4
"""
_AT = f"SELECT {_COLUMNS} FROM decision_log WHERE notification_id = $1"
_HEAD = "SELECT coalesce(max(notification_id), 0) FROM decision_log"
_VERSION = """
    SELECT originator_version FROM decision_log WHERE originator_id = $1 AND notification_id <= $2
    ORDER BY originator_version DESC LIMIT 1
"""
_FACT = """
    SELECT fact_id, customer_id, occurred_at, recorded_at, name, source, amount, currency FROM fact_log
    WHERE fact_id = $1
"""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """An event and where in the log it lies; `event` is of its present version."""

    position: int
    topic: str
    event: Event


class FactRead(msgspec.Struct, frozen=True, kw_only=True):
    """Something a customer did, without what she said there; `amount` in minor units of `currency`."""

    fact_id: int
    customer_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    name: str
    source: str
    amount: int | None
    currency: str | None


async def stream(
    reading: Reading,
    stream_id: UUID,
    *,
    after: int = 0,
    until: int | None = None,
    limit: int = 100_000,
    unseal: Unseal | None = None,
) -> list[Happened]:
    """Return a stream's events from the version after `after` on, up to and including a position if one is given.

    Without `unseal` personal values are left out.
    """
    rows = await reading.fetch(_STREAM, stream_id, after, until, limit)
    return [_happened(row, unseal) for row in rows]


async def head(reading: Reading) -> int:
    """Return the position of the newest event."""
    return int(await reading.fetchval(_HEAD))


async def event_at(reading: Reading, position: int) -> Happened | None:
    """Return the event at a position, without personal values; None if there is none."""
    row = await reading.fetchrow(_AT, position)
    return _happened(row, None) if row else None


async def version_at(reading: Reading, stream_id: UUID, position: int) -> int:
    """Return the version a stream had when the log was at a position; 0 before its first event."""
    return await reading.fetchval(_VERSION, stream_id, position) or 0


async def fact(reading: Reading, fact_id: int) -> FactRead | None:
    """Return a fact of history, None if there is none with this id."""
    row = await reading.fetchrow(_FACT, fact_id)
    return FactRead(**dict(row)) if row else None


def _happened(row: asyncpg.Record, unseal: Unseal | None) -> Happened:
    event = from_state(row["topic"], row["state"], row["originator_id"], row["originator_version"], unseal)
    return Happened(position=row["position"], topic=row["topic"], event=event)

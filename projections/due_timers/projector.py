"""A stream waits for at most one instant: its last event says for which, or that it no longer waits."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from domain.channels.message import Message
from domain.journeys.run import JourneyRun
from projections.due_timers.table import tables
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection

WAIT, RETRY = "wait", "retry"
_ENDS = (
    JourneyRun.WaitEnded.TOPIC,
    JourneyRun.Completed.TOPIC,
    JourneyRun.Exited.TOPIC,
    Message.Dispatched.TOPIC,
    Message.Suppressed.TOPIC,
    Message.Accepted.TOPIC,
    Message.Unknown.TOPIC,
)
_TOPICS = (JourneyRun.WaitStarted.TOPIC, Message.Failed.TOPIC, *_ENDS)
_FORGET = "DELETE FROM timer WHERE stream_id = ANY($1::uuid[])"
_KEEP = """
    INSERT INTO timer (stream_id, kind, node, visit, due_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[])
"""


class _Due(msgspec.Struct, frozen=True):
    node: str | None = None
    visit: int | None = None
    due_at: datetime | None = None
    retry_at: datetime | None = None


_due = msgspec.json.Decoder(_Due).decode
Row = tuple[UUID, str, str | None, int | None, datetime]


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Forget what has ended, keep what waits now."""
    rows: dict[UUID, Row | None] = {entry.stream_id: _row(entry) for entry in page.of(*_TOPICS)}
    if not rows:
        return
    await connection.execute(_FORGET, sorted(rows))
    kept = sorted((row for row in rows.values() if row), key=lambda row: row[0])
    if kept:
        await connection.execute(_KEEP, *map(list, zip(*kept, strict=True)))


def _row(entry: Entry) -> Row | None:
    if entry.topic in _ENDS:
        return None
    due = _due(entry.state)
    if due.due_at:
        return (entry.stream_id, WAIT, due.node, due.visit, due.due_at)
    return (entry.stream_id, RETRY, None, None, due.retry_at) if due.retry_at else None


PROJECTION = Projection(name="due_timers", version=1, tables=tables, topics=frozenset(_TOPICS), apply=apply)

"""What is due, and when the next thing will be."""

from datetime import datetime
from uuid import UUID

import msgspec

from projections.engine.projection import Reading


class Timer(msgspec.Struct, frozen=True):
    """Something that waits: a journey's run (`wait`, at this visit to this node) or a message (`retry`)."""

    stream_id: UUID
    kind: str
    node: str | None
    visit: int | None
    due_at: datetime


async def due(reading: Reading, now: datetime, limit: int) -> list[Timer]:
    """Return what is due at `now` (UTC), the longest overdue first."""
    rows = await reading.fetch(
        "SELECT stream_id, kind, node, visit, due_at FROM due_timers.timer WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
        now,
        limit,
    )
    return [Timer(*row) for row in rows]


async def next_due(reading: Reading, after: datetime) -> datetime | None:
    """Return the next instant after `after` at which something falls due."""
    instant: datetime | None = await reading.fetchval(
        "SELECT min(due_at) FROM due_timers.timer WHERE due_at > $1", after
    )
    return instant

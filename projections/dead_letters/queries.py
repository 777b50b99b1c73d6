"""The dead letters, the newest first."""

from datetime import datetime
from uuid import UUID

import msgspec

from projections.engine.projection import Reading

_NEWEST = """
    SELECT id, projection, position, stream_id, topic, reason, failed_at, replayed_at FROM dead_letter
    WHERE id < coalesce($1, 9223372036854775807) AND ($2::text IS NULL OR projection = $2)
      AND ($3 OR replayed_at IS NULL)
    ORDER BY id DESC LIMIT $4
"""


class DeadLetter(msgspec.Struct, frozen=True):
    """An event (or, at the position of a seal, one customer's facts) that a view could not take, and why."""

    id: int
    view: str
    position: int
    stream_id: UUID
    topic: str
    reason: str
    failed_at: datetime
    replayed_at: datetime | None


async def newest(
    reading: Reading, *, before: int | None = None, view: str | None = None, replayed: bool = False, limit: int = 50
) -> list[DeadLetter]:
    """Return the letters before the one given; those replayed meanwhile only if asked for."""
    return [DeadLetter(*row) for row in await reading.fetch(_NEWEST, before, view, replayed, limit)]

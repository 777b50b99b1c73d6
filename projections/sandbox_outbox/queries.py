"""The sandbox's outbox, the newest message first."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from projections.engine.projection import Reading

_LIST = """
    SELECT message_id, customer_id, channel, subject, body, parameters, accepted_at FROM sandbox_outbox
    WHERE (accepted_at, message_id) < ($1, $2) AND ($3::uuid[] IS NULL OR customer_id = ANY($3))
      AND ($4::text IS NULL OR channel = $4)
    ORDER BY accepted_at DESC, message_id DESC LIMIT $5
"""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A place in the outbox."""

    accepted_at: datetime
    message_id: UUID


class SandboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as the customer would have got it; `subject`, `body` and `parameters` may be personal."""

    message_id: UUID
    customer_id: UUID
    channel: str
    subject: str | None
    body: str | None
    parameters: dict[str, Any] | None
    accepted_at: datetime


NEWEST = Place(datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))


async def messages(
    reading: Reading,
    *,
    beyond: Place | None = None,
    customers: Collection[UUID] | None = None,
    channel: str | None = None,
    limit: int = 50,
) -> list[SandboxMessage]:
    """Return the messages beyond a place, those to these customers and on this channel if any are given."""
    place = beyond or NEWEST
    wanted = None if customers is None else list(customers)
    rows = await reading.fetch(_LIST, place.accepted_at, place.message_id, wanted, channel, limit)
    return [
        SandboxMessage(
            message_id=row["message_id"],
            customer_id=row["customer_id"],
            channel=row["channel"],
            subject=row["subject"],
            body=row["body"],
            parameters=msgspec.json.decode(row["parameters"]),
            accepted_at=row["accepted_at"],
        )
        for row in rows
    ]

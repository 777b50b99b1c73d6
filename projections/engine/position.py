"""The position of a view: how far into the log its rows reach, moved in the transaction that writes the rows."""

from collections.abc import Collection
from uuid import UUID

import asyncpg
import msgspec

from projections.engine.projection import Reading

_FIND = "SELECT version, position FROM projection_position WHERE name = $1"
_BEGIN = "INSERT INTO projection_position (name, version, position) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING"
# Compare-and-set on the previous position: "greater than before" would let a stale runner's overlapping page through.
_MOVE = """
    UPDATE projection_position SET position = $4, updated_at = clock_timestamp()
    WHERE name = $1 AND version = $2 AND position = $3
    RETURNING ARRAY(SELECT DISTINCT stream_id FROM dead_letter WHERE projection = $1 AND replayed_at IS NULL) AS parked
"""


class Position(msgspec.Struct, frozen=True):
    """Where a view stands, and in which version."""

    version: int
    position: int


class OvertakenError(Exception):
    """Another runner has moved this view since its position was read: read it again."""


async def find(connection: Reading, name: str) -> Position | None:
    """Return where the view stands, None if it does not exist yet."""
    row = await connection.fetchrow(_FIND, name)
    return Position(row["version"], row["position"]) if row else None


async def begin(connection: asyncpg.Connection, name: str, version: int) -> None:
    """Let the view exist at the beginning of the log; does nothing if it exists."""
    await connection.execute(_BEGIN, name, version)


async def move(connection: asyncpg.Connection, name: str, version: int, *, previous: int, new: int) -> Collection[UUID]:
    """Move the position and return the streams whose events are parked; raises `OvertakenError` if it was moved before.

    First thing in the transaction: whoever competes waits here for the row, and then finds out before doing any work.
    """
    row = await connection.fetchrow(_MOVE, name, version, previous, new)
    if row is None:
        raise OvertakenError(name)
    parked: list[UUID] = row["parked"]
    return frozenset(parked)

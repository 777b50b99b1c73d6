"""What an erasure destroys in tables: each kind in one transaction with its count, so it is done and counted once."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from commands.identity.traces import ClearCopies
from commands.runtime.connection import Connection

_BEGIN = (
    "INSERT INTO erasure_step (erasure_id, step, destroyed) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING RETURNING step"
)
_COUNT = "UPDATE erasure_step SET destroyed = $3 WHERE erasure_id = $1 AND step = $2"
_DONE = "SELECT step, destroyed FROM erasure_step WHERE erasure_id = $1 ORDER BY step"
# What was worked out about a person, and which lists she stands in; rows hang on the ids of profiles and customers.
_PREDICTIONS = "DELETE FROM prediction WHERE profile_id = ANY($1)"
_LISTS = "DELETE FROM segment_list WHERE customer_id = ANY($1)"
_SANDBOX = "DELETE FROM sandbox_outbox WHERE customer_id = ANY($1)"
# What a command answered and the digest of what it was asked: that it was carried out stays known.
_RESULTS = """
    UPDATE command_log SET result = NULL, fingerprint = NULL WHERE command_id IN (
        SELECT (convert_from(state, 'UTF8')::json #>> '{meta,command_id}')::uuid
        FROM decision_log WHERE originator_id = ANY($1)
    ) AND command_id <> $2 AND (result IS NOT NULL OR fingerprint IS NOT NULL)
"""
# The letter stays: the view has to know that it lacks something.
_LETTERS = "UPDATE dead_letter SET reason = 'erased' WHERE stream_id = ANY($1) AND reason <> 'erased'"
# First that none is made again, by a process that has not heard of it yet.
_CLOSE = "INSERT INTO erased_subject (subject_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING"
_KEYS = "DELETE FROM subject_key WHERE subject_id = ANY($1)"


class Doomed(msgspec.Struct, frozen=True, kw_only=True):
    """Whose traces: the customers, every id that names them, the values in clear, and the command that asked.

    `copies` are the places where something may lie in clear, by the name under which the receipt counts it.
    """

    erasure_id: UUID
    customers: Collection[UUID]
    ids: Collection[UUID]
    names: Collection[str]
    command_id: UUID
    copies: Mapping[str, ClearCopies]


async def destroy(pool: asyncpg.Pool, doomed: Doomed) -> None:
    """Destroy whatever is left of each kind; the keys last."""
    places: dict[str, Step] = {name: partial(_copies, place) for name, place in doomed.copies.items()}
    for name, step in (_STEPS | places | {"keys": _keys}).items():
        async with pool.acquire() as connection, connection.transaction():
            # Whoever else is at it waits here, and then finds it done.
            if await connection.fetchval(_BEGIN, doomed.erasure_id, name):
                count = await step(connection, doomed)
                await connection.execute(_COUNT, doomed.erasure_id, name, count)


async def destroyed(pool: asyncpg.Pool, erasure_id: UUID) -> dict[str, int]:
    """Return how much was destroyed, by kind."""
    return {row["step"]: row["destroyed"] for row in await pool.fetch(_DONE, erasure_id)}


async def _sandbox(connection: Connection, doomed: Doomed) -> int:
    return _rows(await connection.execute(_SANDBOX, list(doomed.ids)))


async def _predictions(connection: Connection, doomed: Doomed) -> int:
    return _rows(await connection.execute(_PREDICTIONS, list(doomed.ids)))


async def _lists(connection: Connection, doomed: Doomed) -> int:
    return _rows(await connection.execute(_LISTS, list(doomed.ids)))


async def _results(connection: Connection, doomed: Doomed) -> int:
    return _rows(await connection.execute(_RESULTS, list(doomed.customers), doomed.command_id))


async def _letters(connection: Connection, doomed: Doomed) -> int:
    return _rows(await connection.execute(_LETTERS, list(doomed.ids)))


async def _copies(place: ClearCopies, connection: Connection, doomed: Doomed) -> int:
    return await place.destroy_about(connection, doomed.names)


async def _keys(connection: Connection, doomed: Doomed) -> int:
    await connection.execute(_CLOSE, sorted(doomed.ids))
    return _rows(await connection.execute(_KEYS, list(doomed.ids)))


def _rows(status: str) -> int:
    return int(status.rpartition(" ")[2])


Step = Callable[[Connection, Doomed], Awaitable[int]]
_STEPS: Final[dict[str, Step]] = {
    "sandbox_messages": _sandbox,
    "command_results": _results,
    "dead_letters": _letters,
    "predictions": _predictions,
    "segment_lists": _lists,
}

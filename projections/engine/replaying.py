"""Replay dead letters: once the cause is repaired, what was parked is taken after all, customer by customer."""

from itertools import groupby
from uuid import UUID

import asyncpg
import msgspec

from domain.activity.sealing import FactsSealed
from projections.engine import parking, shadow
from projections.engine.page import read_page
from projections.engine.poison import is_poison
from projections.engine.projection import Projection

_LOCK = "SELECT position FROM projection_position WHERE name = $1 FOR UPDATE"
_LETTERS = """
    SELECT id, position, stream_id FROM dead_letter WHERE projection = $1 AND replayed_at IS NULL
    ORDER BY stream_id, position, id
"""
_CLEARED = "UPDATE dead_letter SET replayed_at = clock_timestamp() WHERE id = $1"
_FAILED = "UPDATE dead_letter SET failed_at = clock_timestamp(), reason = $2 WHERE id = $1"


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many letters were taken after all, and how many are still on the list."""

    cleared: int
    remaining: int


async def replay_dead_letters(connection: asyncpg.Connection, projection: Projection) -> Replayed:
    """Take every parked event of the view, each stream up to the first that fails again.

    The connection is one of the view's own (`connecting.connect`). The view stands still meanwhile, so that no later
    event of a stream overtakes its parked ones.
    """
    cleared = remaining = 0
    async with connection.transaction():
        await connection.fetchval(_LOCK, projection.name)
        letters = await connection.fetch(_LETTERS, projection.name)
        for _, of_stream in groupby(letters, key=_stream):
            held_up = False
            for letter in of_stream:
                held_up = held_up or not await _retake(connection, projection, letter)
                cleared += not held_up
                remaining += held_up
    return Replayed(cleared=cleared, remaining=remaining)


async def _retake(connection: asyncpg.Connection, projection: Projection, letter: asyncpg.Record) -> bool:
    page = await read_page(connection, letter["position"] - 1, upto=letter["position"])
    entry = page.entries[0]
    is_facts = entry.topic == FactsSealed.TOPIC and entry.stream_id != letter["stream_id"]
    try:
        async with connection.transaction():
            if is_facts:
                await shadow.cast(connection, page.fact_ranges, [letter["stream_id"]], only=True)
            await projection.apply(connection, page)
            if is_facts:
                await shadow.lift(connection)
    except Exception as error:  # any kind can be an event's fault
        if not is_poison(error):
            raise
        await connection.execute(_FAILED, letter["id"], parking.reason_of(error))
        return False
    await connection.execute(_CLEARED, letter["id"])
    return True


def _stream(letter: asyncpg.Record) -> UUID:
    stream_id: UUID = letter["stream_id"]
    return stream_id

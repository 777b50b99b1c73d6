"""Settle what lies in the quarantine: ask for replays, claim entries for one, keep the outcome, discard."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from commands.activity.quarantine import Chosen, Quarantine

# Heard by the worker that replays.
CHANNEL: Final = "koi_quarantine"
_CHOSEN: Final = """
    (cardinality($1::bigint[]) = 0 OR id = ANY($1)) AND ($2::text IS NULL OR source = $2)
    AND ($3::text IS NULL OR reason = $3)
    AND ($4::timestamptz IS NULL OR received_at >= $4) AND ($5::timestamptz IS NULL OR received_at < $5)
"""
_ASK: Final = f"UPDATE quarantine SET state = 'asked', settled_by = $6 WHERE state = 'open' AND {_CHOSEN}"
_DISCARD: Final = f"""
    UPDATE quarantine
    SET state = 'discarded', sealed = '', settled_at = clock_timestamp(), settled_by = $6, outcome = $7
    WHERE state IN ('open', 'asked') AND {_CHOSEN}
"""
# Rows of a file are replayed together: one broken line keeps back its whole receipt.
_WHOLE_FILES: Final = """
    UPDATE quarantine AS q SET state = 'asked', settled_by = a.settled_by FROM quarantine AS a
    WHERE a.state = 'asked' AND a.came_by = 'file' AND q.state = 'open' AND q.came_by = 'file'
      AND q.source = a.source AND q.batch_key = a.batch_key
"""
_CLAIM: Final = """
    WITH first AS (SELECT source, came_by, batch_key FROM quarantine WHERE state = 'asked' ORDER BY id LIMIT 1)
    UPDATE quarantine SET state = 'replaying', outcome = NULL WHERE id IN (
        SELECT q.id FROM quarantine AS q JOIN first USING (came_by) WHERE q.state = 'asked'
            AND (came_by <> 'file' OR (q.source, q.batch_key) = (first.source, first.batch_key))
        ORDER BY q.id LIMIT CASE WHEN (SELECT came_by FROM first) = 'file' THEN 100000 ELSE 200 END)
"""
_REPLAYING: Final = """
    SELECT id, source, came_by, about, batch_key, line, reason, sealed, received_at, settled_by, outcome
    FROM quarantine WHERE state = 'replaying' ORDER BY id
"""
_REPLAYED: Final = """
    UPDATE quarantine SET state = 'replayed', sealed = '', settled_at = clock_timestamp(), outcome = $2
    WHERE id = ANY($1)
"""
_REFUSED: Final = """
    UPDATE quarantine SET state = 'open', settled_at = clock_timestamp(), reason = $2, detail = $3,
        outcome = 'refused again' WHERE id = $1
"""
_NOTE: Final = "UPDATE quarantine SET outcome = $2 WHERE id = $1 AND state = 'replaying'"
_TWICE: Final = "DELETE FROM quarantine WHERE id = $1"
_AGED: Final = """
    UPDATE quarantine SET state = 'discarded', sealed = '', settled_at = clock_timestamp(), settled_by = 'retention',
        outcome = 'too old' WHERE state IN ('open', 'asked') AND received_at < $1
"""


class Refusal(msgspec.Struct, frozen=True):
    """Why an entry is refused again."""

    reason: str
    detail: str


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that is being replayed, in clear; `refusal` is what an interrupted replay found out already."""

    id: int
    source: str
    came_by: str
    about: dict[str, object]
    batch_key: str
    line: int | None
    reason: str
    raw: bytes
    received_at: datetime
    asked_by: str
    refusal: Refusal | None = None


async def ask_replay(pool: asyncpg.Pool, chosen: Chosen, ids: Collection[int] = (), *, by: str) -> int:
    """Ask for these open entries to be replayed (those `ids` alone, if any are given); return how many."""
    async with pool.acquire() as connection, connection.transaction():
        asked = _rows(await connection.execute(_ASK, *_which(chosen, ids), by))
        asked += _rows(await connection.execute(_WHOLE_FILES))
        await connection.execute(f"NOTIFY {CHANNEL}")
    return asked


async def discard(pool: asyncpg.Pool, chosen: Chosen, ids: Collection[int] = (), *, by: str, why: str) -> int:
    """Discard these open entries: what was sent is destroyed, that it was stays; return how many."""
    return _rows(await pool.execute(_DISCARD, *_which(chosen, ids), by, why))


async def claimed(quarantine: Quarantine) -> list[Waiting]:
    """Return what a replay that was interrupted had claimed, else claim what was asked for next; [] if nothing was.

    Rows of one file are claimed together, in the order of their lines.
    """
    rows = await quarantine.pool.fetch(_REPLAYING)
    if not rows:
        await quarantine.pool.execute(_CLAIM)
        rows = await quarantine.pool.fetch(_REPLAYING)
    return [
        Waiting(
            id=row["id"],
            source=row["source"],
            came_by=row["came_by"],
            about=msgspec.json.decode(row["about"]),
            batch_key=row["batch_key"],
            line=row["line"],
            reason=row["reason"],
            raw=quarantine.unsealed(row["source"], row["sealed"]) or b"",
            received_at=row["received_at"],
            asked_by=row["settled_by"] or "",
            refusal=msgspec.json.decode(row["outcome"], type=Refusal) if row["outcome"] else None,
        )
        for row in rows
    ]


async def note_refusal(pool: asyncpg.Pool, entry_id: int, refusal: Refusal) -> None:
    """Keep that one is refused again while others of its replay are still under way: it stays claimed."""
    await pool.execute(_NOTE, entry_id, msgspec.json.encode(refusal).decode())


async def settle_replayed(pool: asyncpg.Pool, ids: Sequence[int], outcome: str) -> None:
    """Note that these became part of history (or were so before): what was sent is not kept here any more."""
    await pool.execute(_REPLAYED, list(ids), outcome)


async def settle_refused(pool: asyncpg.Pool, entry_id: int, *, reason: str, detail: str) -> None:
    """Note that one was refused again, with its present reason: it waits for another mapping."""
    try:
        await pool.execute(_REFUSED, entry_id, reason, detail)
    except asyncpg.UniqueViolationError:  # the very same thing lies there for this reason as well
        await pool.execute(_TWICE, entry_id)


async def discard_aged(pool: asyncpg.Pool, before: datetime) -> int:
    """Discard what has lain open since before this time; return how many."""
    return _rows(await pool.execute(_AGED, before))


def _which(chosen: Chosen, ids: Collection[int]) -> tuple[object, ...]:
    return (list(ids), chosen.source, chosen.reason, chosen.since, chosen.until)


def _rows(status: str) -> int:
    return int(status.rpartition(" ")[2])

"""When each declared source ran, what it brought, why it does not run, and when it does next: durable, one row each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import asyncpg
import msgspec

# Notified when a source is to run sooner than planned.
CHANNEL: Final = "source_due"

State = Literal["waiting", "running", "failing", "parked"]

_DECLARE = """
    INSERT INTO source_run AS r (source, kind, declared, state, next_at) VALUES ($1, $2, $3, 'waiting', now())
    ON CONFLICT (source) DO UPDATE
    SET kind = $2, declared = $3, state = 'waiting', reason = NULL, failures = 0, next_at = now()
    WHERE r.declared <> $3
"""
_PARK_UNREADABLE = """
    INSERT INTO source_run AS r (source, kind, declared, state, reason) VALUES ($1, $2, $3, 'parked', $4)
    ON CONFLICT (source) DO UPDATE SET declared = $3, state = 'parked', reason = $4, next_at = NULL
"""
_DUE = """
    SELECT source FROM source_run WHERE source = ANY($1) AND state <> 'parked' AND next_at <= now() ORDER BY next_at
"""
_NEXT = "SELECT min(next_at) - now() FROM source_run WHERE source = ANY($1) AND state <> 'parked'"
_BEGIN = "UPDATE source_run SET state = 'running', began_at = now() WHERE source = $1"
_SUCCEED = """
    UPDATE source_run
    SET state = 'waiting', reason = NULL, failures = 0, ended_at = now(),
        next_at = CASE WHEN asked_at >= began_at THEN now() ELSE now() + $2::interval END,
        brought_at = CASE WHEN $4::bigint + $5::bigint + $6::bigint + $7::bigint > 0 THEN now() ELSE brought_at END,
        last = CASE WHEN $4::bigint + $5::bigint + $6::bigint + $7::bigint > 0 THEN $3::json ELSE last END,
        read = read + $4, accepted = accepted + $5, duplicates = duplicates + $6, quarantined = quarantined + $7
    WHERE source = $1
"""
_FAIL = """
    UPDATE source_run
    SET state = CASE WHEN $3::interval IS NULL THEN 'parked' ELSE 'failing' END, reason = $2, failures = failures + 1,
        ended_at = now(), next_at = now() + $3::interval * power(2, least(failures, $4::int))
    WHERE source = $1
"""
_RELEASE = """
    UPDATE source_run SET state = 'waiting', next_at = now() WHERE source = $1 AND state IN ('parked', 'running')
"""
# What is told while a run is under way may be too late for it: then there is another.
_SOONER = "UPDATE source_run SET asked_at = now(), next_at = least(next_at, now()) WHERE source = $1"
_LIST = """
    SELECT source, kind, state, reason, failures, next_at, began_at, ended_at, brought_at, last::text AS last,
           read, accepted, duplicates, quarantined
    FROM source_run
"""
_RECALL = "SELECT value::text FROM source_memory WHERE source = $1 AND key = $2"
_REMEMBER = """
    INSERT INTO source_memory (source, key, value) VALUES ($1, $2, $3)
    ON CONFLICT (source, key) DO UPDATE SET value = excluded.value, updated_at = now()
"""
SECOND: Final = timedelta(seconds=1)
_MOST_DOUBLINGS = 8


class SourceRun(msgspec.Struct, frozen=True, kw_only=True):
    """A source's row: `last` is what its last run brought that brought anything, the counts are of all its runs."""

    source: str
    kind: str
    state: State
    reason: str | None
    failures: int
    next_at: datetime | None
    began_at: datetime | None
    ended_at: datetime | None
    brought_at: datetime | None
    last: Any
    read: int
    accepted: int
    duplicates: int
    quarantined: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a run brought, in numbers."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0


async def declare(pool: asyncpg.Pool, source: str, kind: str, declared: bytes) -> None:
    """Note a source, due at once; one whose declaration (its digest) is another than before begins anew."""
    await pool.execute(_DECLARE, source, kind, declared)


async def park_unreadable(pool: asyncpg.Pool, source: str, declared: bytes, reason: str) -> None:
    """Note that a declaration cannot be read."""
    await pool.execute(_PARK_UNREADABLE, source, "unknown", declared, reason)


async def due(pool: asyncpg.Pool, sources: Sequence[str]) -> list[str]:
    """Return which of the sources are due, the longest overdue first."""
    return [row["source"] for row in await pool.fetch(_DUE, list(sources))]


async def next_in(pool: asyncpg.Pool, sources: Sequence[str]) -> timedelta | None:
    """Return how long it is until the next of the sources is due; None if none will be."""
    found: timedelta | None = await pool.fetchval(_NEXT, list(sources))
    return found


async def begin(pool: asyncpg.Pool, source: str) -> None:
    """Note that a run has begun."""
    await pool.execute(_BEGIN, source)


async def succeed(pool: asyncpg.Pool, source: str, counts: Counts, told: Any, again_in: timedelta) -> None:
    """Note what a run brought (`told` in full, as JSON), and when the next one is due."""
    numbers = (counts.read, counts.accepted, counts.duplicates, counts.quarantined)
    await pool.execute(_SUCCEED, source, again_in, msgspec.json.encode(told).decode(), *numbers)


async def fail(pool: asyncpg.Pool, source: str, reason: str, retry_in: timedelta | None) -> None:
    """Note why a run failed; each failure in a row doubles the time to the next try, None parks the source."""
    await pool.execute(_FAIL, source, reason, retry_in, _MOST_DOUBLINGS)


async def bring_forward(pool: asyncpg.Pool, source: str) -> None:
    """Let a source run now: something has told that there is news. A parked one stays parked."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_SOONER, source)
        await connection.execute(f"NOTIFY {CHANNEL}")


async def release(pool: asyncpg.Pool, source: str) -> None:
    """Let a parked source have another try, and one whose process ended in the middle go on."""
    await pool.execute(_RELEASE, source)


async def runs(pool: asyncpg.Pool) -> dict[str, SourceRun]:
    """Return every source that was ever declared, by its name."""
    rows = [dict(row) for row in await pool.fetch(_LIST)]
    return {
        row["source"]: SourceRun(**row | {"last": msgspec.json.decode(row["last"]) if row["last"] else None})
        for row in rows
    }


async def recall(pool: asyncpg.Pool, source: str, key: str) -> Any:
    """Return what a kind of source remembered under a key (JSON); None if nothing."""
    text = await pool.fetchval(_RECALL, source, key)
    return None if text is None else msgspec.json.decode(text)


async def remember(pool: asyncpg.Pool, source: str, key: str, value: Any) -> None:
    """Keep something (JSON, nothing personal) for the runs to come: how far a pull is, which files were looked at."""
    await pool.execute(_REMEMBER, source, key, msgspec.json.encode(value).decode())

"""What is written of a step, all of it in the transaction that tells the changes and moves the position.

Whoever follows the log has raised the epoch before; once another has raised it, nothing of an earlier owner's is
written any more, so two owners at once tell every change once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from psycopg import Cursor

from projections.engine.projection import Reading
from workers.segmenting.membership import Chunk

NAME: Final = "segmenting"
_VERSION: Final = 1
_LOCK: Final = "SELECT pg_advisory_lock(hashtextextended('koi segmenting', 0))"
_RAISE: Final = "UPDATE segmenting.owner SET epoch = epoch + 1 RETURNING epoch"
# Nobody has asked for what lies behind when there is nobody to watch it for: a new segment is walked through anyway.
_BEGIN: Final = f"""
    INSERT INTO projection_position (name, version, position)
    SELECT '{NAME}', {_VERSION}, coalesce(max(notification_id), 0) FROM decision_log
    ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING position
"""
_HOLD: Final = "SELECT FROM segmenting.owner WHERE epoch = %s FOR UPDATE"
_MOVE: Final = f"""
    UPDATE projection_position SET position = %s, updated_at = clock_timestamp()
    WHERE name = '{NAME}' AND position = %s
"""
_KNOW: Final = """
    INSERT INTO segmenting.person (customer_id, number, profile_id)
    SELECT * FROM unnest(%s::uuid[], %s::int[], %s::uuid[])
    ON CONFLICT (customer_id) DO UPDATE SET profile_id = excluded.profile_id
"""
_FALL_DUE: Final = """
    INSERT INTO segmenting.due (profile_id, due_at) SELECT * FROM unnest(%s::uuid[], %s::timestamptz[])
    ON CONFLICT (profile_id) DO UPDATE SET due_at = excluded.due_at
"""
_FALL_DUE_BEFORE: Final = """
    INSERT INTO segmenting.due AS d (profile_id, due_at) SELECT * FROM unnest(%s::uuid[], %s::timestamptz[])
    ON CONFLICT (profile_id) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at < d.due_at
"""
_NOT_DUE: Final = "DELETE FROM segmenting.due WHERE profile_id = ANY(%s::uuid[])"
_STORE: Final = """
    INSERT INTO segmenting.member (key, chunk, numbers) SELECT * FROM unnest(%s::text[], %s::int[], %s::bytea[])
    ON CONFLICT (key, chunk) DO UPDATE SET numbers = excluded.numbers
"""
_EXTEND: Final = "UPDATE segmenting.segment SET chunks = %s WHERE key = %s"
_LOST: Final = """
    SELECT key FROM segmenting.segment AS s
    WHERE chunks <> (SELECT count(*) FROM segmenting.member AS m WHERE m.key = s.key)
"""
_EMPTY: Final = "DELETE FROM segmenting.member WHERE key = %s AND chunk = %s"
_WATCH: Final = """
    INSERT INTO segmenting.segment (key, version, digest, began_at, walked, telling_at)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET version = excluded.version, digest = excluded.digest,
        began_at = excluded.began_at, walked = excluded.walked, telling_at = excluded.telling_at
"""
_UNWATCH: Final = ("DELETE FROM segmenting.segment WHERE key = %s", "DELETE FROM segmenting.member WHERE key = %s")


class OvertakenError(OSError):
    """Another process follows the log now. It passes: the role begins anew and stands by."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as the worker keeps it: its changes count from `began_at` on; the digest is that of its rule.

    `walked` is the last profile that was judged anew (None: all are), which is told if it goes back to something that
    happened, at `telling_at`; else what is found are the first members.
    """

    key: str
    version: int
    digest: str
    began_at: datetime
    walked: UUID | None = None
    telling_at: datetime | None = None

    @property
    def is_first_walk(self) -> bool:
        """Whether its first members are still being found."""
        return self.walked is not None and self.telling_at is None

    def watches(self, profile_id: UUID) -> bool:
        """Whether what happens to this person changes anything yet: else the walk comes to her."""
        return self.walked is None or self.telling_at is not None or profile_id <= self.walked


class Known(msgspec.Struct, frozen=True):
    """A customer by number, and the profile it counts for."""

    customer_id: UUID
    number: int
    profile_id: UUID


class Writing(msgspec.Struct, kw_only=True):
    """What a step writes besides facts; `dues` None: nothing falls due for the person any more.

    `early` are people who have to be looked at then at the latest: what is stored and sooner stays.
    """

    position: tuple[int, int] | None = None
    people: list[Known] = []
    early: dict[UUID, datetime] = {}
    dues: dict[UUID, datetime | None] = {}
    chunks: Sequence[Chunk] = ()
    extents: dict[str, int] = {}
    standings: list[Standing] = []
    ended: list[str] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        told = (self.people, self.early, self.dues, self.chunks, self.standings, self.ended)
        return self.position is None and not any(told)


async def take_over(connection: asyncpg.Connection) -> tuple[int, int]:
    """Wait until no other process follows the log; return the epoch of one's own and the position it stands at."""
    await connection.execute(_LOCK)
    epoch: int = await connection.fetchval(_RAISE)
    position: int = await connection.fetchval(_BEGIN)
    return epoch, position


async def standings(connection: Reading) -> dict[str, Standing]:
    """Return the segments as they are kept."""
    rows = await connection.fetch("SELECT key, version, digest, began_at, walked, telling_at FROM segmenting.segment")
    return {row["key"]: Standing(**dict(row)) for row in rows}


async def lost(connection: asyncpg.Connection) -> frozenset[str]:
    """Return the segments of whose members some are not stored any more."""
    return frozenset(row["key"] for row in await connection.fetch(_LOST))


def write(cursor: Cursor[Any], epoch: int, what: Writing, *, is_durable: bool) -> None:
    """Write it; raises `OvertakenError` where another owns the log's followership. Blocks."""
    if not is_durable:
        # Lost with the last moments before a crash it is made again: the position is lost with it.
        cursor.execute("SET LOCAL synchronous_commit = off")
    cursor.execute(_HOLD, (epoch,))
    if cursor.rowcount != 1:
        raise OvertakenError("another process follows the log for segments")
    if what.position:
        previous, new = what.position
        cursor.execute(_MOVE, (new, previous))
        if cursor.rowcount != 1:
            raise OvertakenError("the position has moved since it was read")
    _people(cursor, what.people)
    if what.early:
        cursor.execute(_FALL_DUE_BEFORE, (list(what.early), list(what.early.values())))
    _dues(cursor, what.dues)
    _members(cursor, what)


def _people(cursor: Cursor[Any], people: Sequence[Known]) -> None:
    if people:
        rows = [(one.customer_id, one.number, one.profile_id) for one in people]
        cursor.execute(_KNOW, tuple(map(list, zip(*rows, strict=True))))


def _dues(cursor: Cursor[Any], dues: Mapping[UUID, datetime | None]) -> None:
    waiting = [(profile_id, due_at) for profile_id, due_at in dues.items() if due_at]
    if waiting:
        cursor.execute(_FALL_DUE, tuple(map(list, zip(*waiting, strict=True))))
    over = [profile_id for profile_id, due_at in dues.items() if due_at is None]
    if over:
        cursor.execute(_NOT_DUE, (over,))


def _members(cursor: Cursor[Any], what: Writing) -> None:
    for key in what.ended:
        for statement in _UNWATCH:
            cursor.execute(statement, (key,))
    for standing in what.standings:
        cursor.execute(_WATCH, msgspec.structs.astuple(standing))
    stored = [(one.key, one.chunk, one.numbers) for one in what.chunks if one.numbers is not None]
    if stored:
        cursor.execute(_STORE, tuple(map(list, zip(*stored, strict=True))))
    for one in what.chunks:
        if one.numbers is None:
            cursor.execute(_EMPTY, (one.key, one.chunk))
    for key, chunks in what.extents.items():
        cursor.execute(_EXTEND, (chunks, key))

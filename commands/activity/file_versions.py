"""The versions of a file: the same name, delivered with another content, replaces what the earlier one told."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
from psycopg import Cursor

_VERSIONS = """
    SELECT number, sha256, chunks, imported_at IS NOT NULL AS is_whole FROM file_version
    WHERE identity = $1 AND file = $2 ORDER BY number
"""
_BEGIN = """
    INSERT INTO file_version (identity, file, number, sha256, chunks)
    SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4 FROM file_version WHERE identity = $1 AND file = $2
    ON CONFLICT (identity, file, sha256) DO NOTHING
"""
_FINISH = """
    UPDATE file_version SET imported_at = now() WHERE identity = %s AND file = %s AND sha256 = %s
"""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version: its number from 1, its content, into how many chunks it falls, whether all of it was imported."""

    number: int
    sha256: str
    chunks: int
    is_whole: bool


async def versions(pool: asyncpg.Pool, identity: str, file: str) -> list[Version]:
    """Return every version of a file of a mapping, the oldest first; those that were interrupted are among them."""
    return [Version(**dict(row)) for row in await pool.fetch(_VERSIONS, identity, file)]


async def begin(pool: asyncpg.Pool, identity: str, file: str, sha256: str, chunks: int) -> None:
    """Note that a version is being imported: from now on the next one knows that there may be something of it."""
    await pool.execute(_BEGIN, identity, file, sha256, chunks)


def finish(cursor: Cursor[Any], identity: str, file: str, sha256: str) -> None:
    """Note that all of a version was imported."""
    cursor.execute(_FINISH, (identity, file, sha256))


def earlier(known: Sequence[Version], sha256: str) -> list[Version]:
    """Return the versions before the one with this content; all of them, if it is new."""
    number = next((one.number for one in known if one.sha256 == sha256), None)
    return [one for one in known if number is None or one.number < number]


def is_superseded(known: Sequence[Version], sha256: str) -> bool:
    """Whether a later version than the one with this content was imported."""
    number = next((one.number for one in known if one.sha256 == sha256), None)
    return number is not None and any(one.is_whole and one.number > number for one in known)

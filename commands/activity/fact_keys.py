"""Keys of facts: what makes two tellings of one thing the same fact, and which fact a key stands for."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from psycopg import Cursor

from domain.kernel.errors import KoiError

_HELD = "SELECT key, recorded_at, fact_id FROM fact_key WHERE key = ANY($1)"
_RELEASE = "DELETE FROM fact_key WHERE fact_id = ANY(%s)"
# A key that stands for one of the facts given up stands for the new one from now on.
_CLAIM = """
    INSERT INTO fact_key AS k (key, recorded_at, fact_id)
    SELECT key, %s, fact_id FROM unnest(%s::uuid[], %s::bigint[]) AS c (key, fact_id)
    ON CONFLICT (key) DO UPDATE SET recorded_at = excluded.recorded_at, fact_id = excluded.fact_id
    WHERE k.fact_id = ANY(%s::bigint[])
"""


class KeysTakenError(KoiError):
    """Another source has told one of these facts first: look again what is left to tell."""

    code = "fact.key_taken"


class Held(msgspec.Struct, frozen=True):
    """The fact a key stands for; `fact_id` is None where it was told in a request."""

    recorded_at: datetime
    fact_id: int | None


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a chunk does to keys: it `takes` some, each for a fact, also from facts `given_up`; the rest is free."""

    takes: Mapping[UUID, int] = {}
    given_up: Sequence[int] = ()


def message_key(source: str, message_id: str) -> UUID:
    """Return the key of a message of a source."""
    return _key(source, message_id)


def order_key(name: str, order_ref: str) -> UUID:
    """Return the key of an event of an order, under the number that several systems know it by."""
    return _key("order", name, order_ref)


def row_key(identity: str, text: str) -> UUID:
    """Return the key of a row of a mapping's files, by the text of its key columns."""
    return _key("row", identity, text)


def membership_key(name: str, segment: str, version: int, customer_id: UUID, occurred_at: datetime) -> UUID:
    """Return the key of a change of membership: told again, it is the same fact."""
    return _key("segment", name, segment, str(version), str(customer_id), str(int(occurred_at.timestamp() * 1_000_000)))


async def held(pool: asyncpg.Pool, keys: Sequence[UUID]) -> dict[UUID, Held]:
    """Return which of the keys stand for a fact already."""
    rows = await pool.fetch(_HELD, list(keys))
    return {row["key"]: Held(row["recorded_at"], row["fact_id"]) for row in rows}


def claim(cursor: Cursor[Any], claims: Claims, recorded_at: datetime) -> None:
    """Claim the keys of facts that are written in this transaction; raises `KeysTakenError`."""
    if claims.takes:
        # In order, so that two processes claiming the same keys wait for each other instead of deadlocking.
        keys = sorted(claims.takes)
        cursor.execute(_CLAIM, (recorded_at, keys, [claims.takes[key] for key in keys], list(claims.given_up)))
        if cursor.rowcount != len(keys):
            raise KeysTakenError("another source has told some of these facts first")
    if claims.given_up:
        cursor.execute(_RELEASE, (list(claims.given_up),))


def _key(*parts: str) -> UUID:
    return UUID(bytes=hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest())

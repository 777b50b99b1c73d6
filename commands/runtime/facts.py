"""The fact log: rows by COPY, ids from blocks, and the digest their seal carries."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.sql import SQL, Identifier

_BLOCK = 1_000_000
_COLUMNS = "fact_id, recorded_at, occurred_at, customer_id, name, source, amount, currency, body, sealed"
# The body is JSON already: sent as text it is taken as it is, sent as json it would be encoded once more.
_TYPES = ("int8", "timestamptz", "timestamptz", "uuid", "text", "text", "int8", "text", "text", "bytea")

# What a seal's sha256 is over: the stored rows as text, in order. One definition for writing and for verifying.
DIGEST = """
    SELECT encode(sha256(convert_to(string_agg(ROW(fact_id, (extract(epoch FROM occurred_at) * 1000000)::bigint,
               customer_id, name, source, amount, currency, body::text, encode(sealed, 'hex'))::text,
               E'\\n' ORDER BY fact_id), 'UTF8')), 'hex') AS sha256,
           count(*) AS count, max(occurred_at) AS latest
    FROM fact_log WHERE recorded_at = {recorded_at} AND fact_id BETWEEN {first_id} AND {last_id}
"""
_DIGEST = DIGEST.format(recorded_at="%s", first_id="%s", last_id="%s")


class FactRow(msgspec.Struct, frozen=True):
    """One fact as stored, but for its id and the time of recording; amount in minor units, body as JSON text."""

    occurred_at: datetime
    customer_id: UUID
    name: str
    source: str
    amount: int | None
    currency: str | None
    body: str
    sealed: bytes | None


class Digest(msgspec.Struct, frozen=True):
    """What a seal says about its rows."""

    sha256: str
    count: int
    latest_occurred_at: datetime


class FactIds:
    """Hands out fact ids: a block of a million from the database, then numbers from memory. One per process."""

    def __init__(self) -> None:
        """Begin without a block."""
        self._next = 0
        self._end = 0

    def take(self, cursor: Cursor[Any], count: int) -> int:
        """Return the first of `count` contiguous ids never given out before."""
        if self._next + count > self._end:
            cursor.execute("SELECT nextval('fact_block') AS block")
            row = cursor.fetchone()
            block = int(row["block"]) if row else 0
            self._next, self._end = block * _BLOCK, (block + 1) * _BLOCK
        first = self._next
        self._next += count
        return first


def partition_name(recorded_at: datetime) -> str:
    """Return the table of the month, the one partition a whole batch falls into."""
    return f"fact_log_{recorded_at:%Y_%m}"


def ensure_partition(cursor: Cursor[Any], recorded_at: datetime) -> None:
    """Create the month's partition if it is missing; safe to do from several processes at once."""
    name = partition_name(recorded_at)
    cursor.execute("SELECT to_regclass(%s) AS partition", (name,))
    row = cursor.fetchone()
    if row and row["partition"]:
        return
    start = recorded_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (start + timedelta(days=32)).replace(day=1)
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('fact_log partition'))")
    cursor.execute(
        SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF fact_log FOR VALUES FROM ({}) TO ({})").format(
            Identifier(name), start, end
        )
    )


def copy_facts(cursor: Cursor[Any], rows: Sequence[FactRow], *, first_id: int, recorded_at: datetime) -> None:
    """Write the rows with the ids from `first_id` on."""
    statement = SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        Identifier(partition_name(recorded_at)), SQL(_COLUMNS)
    )
    with cursor.copy(statement) as copy:
        copy.set_types(_TYPES)
        for fact_id, row in enumerate(rows, first_id):
            copy.write_row(
                (
                    fact_id,
                    recorded_at,
                    row.occurred_at,
                    row.customer_id,
                    row.name,
                    row.source,
                    row.amount,
                    row.currency,
                    row.body,
                    row.sealed,
                )
            )


def copy_facts_csv(cursor: Cursor[Any], chunks: Iterable[bytes], *, recorded_at: datetime) -> None:
    """Write rows that come as CSV text in the order of the columns, ids and time of recording included."""
    statement = SQL("COPY {} ({}) FROM STDIN (FORMAT CSV)").format(
        Identifier(partition_name(recorded_at)), SQL(_COLUMNS)
    )
    with cursor.copy(statement) as copy:
        for chunk in chunks:
            copy.write(chunk)


def digest(cursor: Cursor[Any], *, first_id: int, last_id: int, recorded_at: datetime) -> Digest:
    """Return what the seal of these rows has to say, read from what is stored."""
    cursor.execute(_DIGEST, (recorded_at, first_id, last_id))
    row = cursor.fetchone()
    return Digest(row["sha256"], row["count"], row["latest"]) if row else Digest("", 0, recorded_at)

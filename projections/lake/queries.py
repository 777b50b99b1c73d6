"""Read the lake and what is not in it yet as one."""

import asyncio
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

import asyncpg
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from domain.activity.sealing import FactsSealed
from domain.activity.withdrawing import WITHDRAWN
from projections.engine.page import FactRange, coalesced, decode_seal
from projections.engine.projection import Reading
from projections.lake import reading as log
from projections.lake.parquet import LakeFile
from projections.lake.store import UrlStore

_FILES = """
    SELECT path, kind, month, bucket, first_position, last_position, rows, bytes, sha256 FROM lake.file
    WHERE kind = $1 AND month >= $2 AND month < $3 ORDER BY month, bucket, first_position
"""
_ALL = """
    SELECT path, kind, month, bucket, first_position, last_position, rows, bytes, sha256 FROM lake.file ORDER BY path
"""
_CLOSED_AT = "SELECT coalesce(max(closed_at), 0) FROM lake.open_segment"
_SEALS = """
    SELECT notification_id, state FROM decision_log WHERE topic = $2 AND notification_id > $1 ORDER BY notification_id
"""
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


class Extent(msgspec.Struct, frozen=True):
    """What to read for all history: the files, and where in the fact log lies what is not in files yet.

    Everything up to position `closed_at` is in files; the ranges reach up to `upto`.
    """

    files: list[LakeFile]
    closed_at: int
    upto: int
    ranges: list[FactRange]


class _Withdrawal(msgspec.Struct):
    fact_id: int


_decode = msgspec.json.Decoder(_Withdrawal).decode


class WrongFile(msgspec.Struct, frozen=True):
    """A file that is not what the manifest says."""

    path: str
    what: str


async def files(
    reading: Reading, *, kind: str = "facts", since: datetime = BEGINNING, until: datetime = FOREVER
) -> list[LakeFile]:
    """Return the files that may hold rows that occurred from `since` to before `until` (UTC)."""
    rows = await reading.fetch(_FILES, kind, _month_of(since), _month_after(until))
    return [_file(row) for row in rows]


async def extent(connection: asyncpg.Connection, *, since: datetime = BEGINNING, until: datetime = FOREVER) -> Extent:
    """Return where the facts that occurred from `since` to before `until` are, all as of one instant."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        closed_at = await connection.fetchval(_CLOSED_AT)
        seals = await connection.fetch(_SEALS, closed_at, FactsSealed.TOPIC)
        ranges = coalesced(decode_seal(row["state"]) for row in seals)
        upto = seals[-1]["notification_id"] if seals else closed_at
        return Extent(await files(connection, since=since, until=until), closed_at, upto, ranges)


async def read_facts(
    connection: asyncpg.Connection,
    url: str,
    database_url: str,
    *,
    since: datetime = BEGINNING,
    until: datetime = FOREVER,
    columns: Collection[str] | None = None,
    withdrawn: bool = False,
) -> pa.Table:
    """Return all facts that occurred from `since` to before `until`, from files and from the log, in no order.

    What was withdrawn is left out, and so are the withdrawals, unless they are asked for.
    """
    where = await extent(connection, since=since, until=until)
    names = list(columns or log.FACTS.names)
    if withdrawn:
        return await asyncio.to_thread(_read, UrlStore(url), database_url, where, since, until, names)
    every = list(dict.fromkeys([*names, "fact_id", "name"]))
    rows = await asyncio.to_thread(_read, UrlStore(url), database_url, where, since, until, every)
    taken_back = await asyncio.to_thread(_taken_back, UrlStore(url), database_url, where, since, until)
    in_effect = (pc.field("name") != WITHDRAWN) & ~pc.field("fact_id").isin(taken_back)
    return rows.filter(in_effect).select(names)


async def wrong_files(reading: Reading, url: str) -> list[WrongFile]:
    """Return the files that are missing or do not have the digest the manifest says; reads every one of them."""
    manifest = [_file(row) for row in await reading.fetch(_ALL)]
    store = UrlStore(url)
    found = await asyncio.to_thread(lambda: [store.sha256(file.path) for file in manifest])
    return [
        WrongFile(file.path, "missing" if sha256 is None else "changed")
        for file, sha256 in zip(manifest, found, strict=True)
        if sha256 != file.sha256
    ]


def _read(
    store: UrlStore,
    database_url: str,
    where: Extent,
    since: datetime,
    until: datetime,
    names: list[str],
    chosen: pc.Expression | None = None,
) -> pa.Table:
    inside = (pc.field("occurred_at") >= since) & (pc.field("occurred_at") < until)
    if chosen is not None:
        inside &= chosen
    tail = log.read_facts(database_url, where.ranges).filter(inside).select(names)
    if not where.files:
        return tail
    import pyarrow.dataset as ds

    paths = [store.path(file.path) for file in where.files]
    dataset = ds.dataset(paths, schema=log.FACTS, format="parquet", filesystem=store.filesystem)
    return pa.concat_tables([dataset.to_table(columns=names, filter=inside), tail])


def _taken_back(
    store: UrlStore, database_url: str, where: Extent, since: datetime, until: datetime
) -> "pa.Array[pa.Int64Scalar]":
    """Return the facts withdrawn: a withdrawal has the time of what it takes back, so both are inside or neither is."""
    bodies = _read(store, database_url, where, since, until, ["body"], pc.field("name") == WITHDRAWN).column("body")
    return pa.array([_decode(body.as_py()).fact_id for body in bodies], pa.int64())


def _month_of(instant: datetime) -> date:
    return instant.astimezone(UTC).date().replace(day=1) if instant > BEGINNING else date(1, 1, 1)


def _month_after(instant: datetime) -> date:
    if instant >= FOREVER:
        return date(9999, 12, 31)
    return (_month_of(instant - timedelta(microseconds=1)) + timedelta(days=32)).replace(day=1)


def _file(row: asyncpg.Record) -> LakeFile:
    return LakeFile(**dict(row.items()))

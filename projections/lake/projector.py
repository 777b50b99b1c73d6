"""lake: when a segment of the log is complete, its rows become files, and then rows of the manifest."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import asyncpg
import msgspec

from domain.activity.sealing import FactsSealed
from projections.engine.page import FactRange, Page, coalesced, decode_seal
from projections.engine.projection import Apply, Projection
from projections.lake.cutting import MOST_ROWS, Open, Segment, cut
from projections.lake.store import NoStore, Store, UrlStore
from projections.lake.table import tables

if TYPE_CHECKING:
    from projections.lake.parquet import Written

NAME = "lake"
# Also the first folder of every path: files of another version never mix with these.
VERSION = 1

_OPEN = "SELECT closed_at, rows, recorded_at FROM open_segment"
_SEALS = """
    SELECT state FROM decision_log WHERE topic = $3 AND notification_id > $1 AND notification_id <= $2
    ORDER BY notification_id
"""
_LIST = """
    INSERT INTO file (path, kind, month, bucket, first_position, last_position, rows, bytes, sha256)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (path) DO UPDATE SET rows = excluded.rows, bytes = excluded.bytes, sha256 = excluded.sha256
"""
_KEEP = """
    INSERT INTO open_segment (one, closed_at, rows, recorded_at) VALUES (true, $1, $2, $3)
    ON CONFLICT (one) DO UPDATE
    SET closed_at = excluded.closed_at, rows = excluded.rows, recorded_at = excluded.recorded_at
"""


class NoPlaceError(Exception):
    """The lake was not told where its files belong."""


async def _nowhere(_connection: asyncpg.Connection, _page: Page) -> None:
    raise NoPlaceError("the lake needs a URL: projections.views.views() gives it one")


PROJECTION = Projection(
    name=NAME,
    version=VERSION,
    tables=tables,
    topics=None,
    apply=_nowhere,
    parks=False,
    rest_seconds=0.2,
)


def lake_at(url: str, database_url: str, *, most_rows: int = MOST_ROWS) -> Projection:
    """Return the lake that lies at an fsspec URL; it reads rows over connections of its own to the database."""
    written = _applying(UrlStore(url), database_url, most_rows)
    rehearsed = _applying(NoStore(), database_url, most_rows)
    return replace(PROJECTION, apply=written, rehearsed=rehearsed)


def _applying(store: Store, database_url: str, most_rows: int) -> Apply:
    async def apply(connection: asyncpg.Connection, page: Page) -> None:
        row = await connection.fetchrow(_OPEN)
        segments, still_open = cut(Open(*row) if row else Open(0, 0, None), page.after, page.entries, most_rows)
        for segment in segments:
            ranges = await _fact_ranges(connection, segment)
            files = await asyncio.to_thread(_write, store, database_url, segment, ranges)
            await connection.executemany(_LIST, files)
        await connection.execute(_KEEP, *msgspec.structs.astuple(still_open))

    return apply


async def _fact_ranges(connection: asyncpg.Connection, segment: Segment) -> list[FactRange]:
    rows = await connection.fetch(_SEALS, segment.after, segment.upto, FactsSealed.TOPIC)
    return coalesced(decode_seal(row["state"]) for row in rows)


def _write(store: Store, database_url: str, segment: Segment, ranges: list[FactRange]) -> list[tuple[object, ...]]:
    """Write the files before anything says that they exist: after a crash between the two they are written again."""
    # Arrow takes a moment to import, and many processes only want to know that there is a lake.
    from projections.lake.parquet import decisions_files, facts_files
    from projections.lake.reading import read_decisions, read_facts

    first, last = segment.after + 1, segment.upto
    decisions = decisions_files(read_decisions(database_url, segment.after, segment.upto), first, last)
    facts = facts_files(read_facts(database_url, ranges, in_files=True), first, last)
    return _put(store, decisions) + _put(store, facts)


def _put(store: Store, files: "Iterable[Written]") -> list[tuple[object, ...]]:
    written = [(msgspec.structs.replace(one.file, path=f"v{VERSION}/{one.file.path}"), one.content) for one in files]
    store.put([(file.path, content) for file, content in written])
    return [msgspec.structs.astuple(file) for file, _ in written]

"""Read segment_catalogue: all segments, one with its versions, and what rules that name segments need."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec

from domain.segments.segment import Kind, Words
from projections.engine.projection import Reading

_COLUMNS = """
    s.segment_id, s.key, s.kind, s.words, s.segment_version, s.live_since, s.archived_at, s.created_at, s.created_by,
    s.version, d.rule, d.people, d.path, d.sha256, d.origin, d.defined_at, d.defined_by
"""
_SEGMENTS = f"""
    SELECT {_COLUMNS} FROM segment_catalogue.segment AS s
    LEFT JOIN segment_catalogue.definition AS d USING (segment_id, segment_version)
    WHERE s.key > $1 AND ($2 OR s.archived_at IS NULL) ORDER BY s.key LIMIT $3
"""
_ONE = f"""
    SELECT {_COLUMNS} FROM segment_catalogue.segment AS s
    LEFT JOIN segment_catalogue.definition AS d USING (segment_id, segment_version) WHERE s.key = $1
"""
_VERSIONS = """
    SELECT d.segment_version, d.rule, d.people, d.path, d.sha256, d.origin, d.defined_at, d.defined_by
    FROM segment_catalogue.definition AS d JOIN segment_catalogue.segment AS s USING (segment_id)
    WHERE s.key = $1 ORDER BY d.segment_version DESC
"""
_EVERY = 1_000_000

Standing = Literal["draft", "defined", "live", "archived"]


class Meant(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a version of a segment means: those of whom the rule holds, or the people in a file below the lake."""

    segment_version: int
    rule: dict[str, Any] | None
    people: int | None
    path: str | None
    sha256: str | None
    origin: dict[str, Any] | None
    defined_at: datetime
    defined_by: str


class SegmentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A segment with its newest definition; `meant` is None for a list that was never filled."""

    id: UUID
    key: str
    kind: Kind
    words: Words
    standing: Standing
    live_since: datetime | None
    archived_at: datetime | None
    created_at: datetime
    created_by: str
    meant: Meant | None
    version: int


_words = msgspec.json.Decoder(Words).decode


async def segments(
    reading: Reading, *, after: str = "", limit: int = 50, archived: bool = False
) -> list[SegmentSummary]:
    """Return the segments in the order of their keys, from the one after `after` on."""
    return [_summary(row) for row in await reading.fetch(_SEGMENTS, after, archived, limit)]


async def segment(reading: Reading, key: str) -> SegmentSummary | None:
    """Return the segment with this key, None if there is none."""
    row = await reading.fetchrow(_ONE, key)
    return _summary(row) if row else None


async def versions(reading: Reading, key: str) -> list[Meant]:
    """Return whom each version of the segment meant, the newest first."""
    return [_meant(row) for row in await reading.fetch(_VERSIONS, key)]


async def definitions(reading: Reading) -> dict[str, SegmentSummary]:
    """Return all segments that are not archived by key: rules that name segments are written out with these."""
    return {one.key: one for one in await segments(reading, limit=_EVERY)}


async def live(reading: Reading) -> list[SegmentSummary]:
    """Return the segments whose changes are told."""
    return [one for one in (await definitions(reading)).values() if one.standing == "live"]


def _summary(row: asyncpg.Record) -> SegmentSummary:
    return SegmentSummary(
        id=row["segment_id"],
        key=row["key"],
        kind=row["kind"],
        words=_words(row["words"]),
        standing=_standing(row),
        live_since=row["live_since"],
        archived_at=row["archived_at"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        meant=_meant(row) if row["segment_version"] else None,
        version=row["version"],
    )


def _standing(row: asyncpg.Record) -> Standing:
    if row["archived_at"] is not None:
        return "archived"
    if row["live_since"] is not None:
        return "live"
    return "defined" if row["segment_version"] else "draft"


def _meant(row: asyncpg.Record) -> Meant:
    return Meant(
        segment_version=row["segment_version"],
        rule=None if row["rule"] is None else msgspec.json.decode(row["rule"]),
        people=row["people"],
        path=row["path"],
        sha256=row["sha256"],
        origin=None if row["origin"] is None else msgspec.json.decode(row["origin"]),
        defined_at=row["defined_at"],
        defined_by=row["defined_by"],
    )

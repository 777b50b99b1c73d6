"""Read the segments, those that come with Koi among them: all, one with its versions, what rules that name them need.

One that comes with Koi has rows of its own only once somebody has followed it live; until then it is as it is shipped.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec

from domain.segments.segment import Kind, Words, segment_stream
from projections.engine.projection import Reading
from projections.segment_catalogue.shipped import OWNER, Shipped, shipped

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
Origin = Literal["shipped", "own"]


class Meant(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a version of a segment means: those of whom the rule holds, or the people in a file below the lake.

    What comes with Koi and was never followed live has no time.
    """

    segment_version: int
    rule: dict[str, Any] | None
    people: int | None
    path: str | None
    sha256: str | None
    origin: dict[str, Any] | None
    defined_at: datetime | None
    defined_by: str


class SegmentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A segment with its newest definition; `meant` is None for a list that was never filled.

    `shipped` comes with Koi and is used, not changed; until somebody follows it live it has no time and version 0.
    """

    id: UUID
    key: str
    kind: Kind
    origin: Origin
    words: Words
    standing: Standing
    live_since: datetime | None
    archived_at: datetime | None
    created_at: datetime | None
    created_by: str
    meant: Meant | None
    version: int


_words = msgspec.json.Decoder(Words).decode


async def segments(
    reading: Reading, *, after: str = "", limit: int = 50, archived: bool = False
) -> list[SegmentSummary]:
    """Return the segments in the order of their keys, from the one after `after` on."""
    own = [_summary(row) for row in await reading.fetch(_SEGMENTS, after, archived, limit)]
    kept = {one.key for one in own}
    others = [_unfollowed(key, one) for key, one in shipped().items() if key > after and key not in kept]
    return sorted([*own, *others], key=lambda one: one.key)[:limit]


async def segment(reading: Reading, key: str) -> SegmentSummary | None:
    """Return the segment with this key, None if there is none."""
    row = await reading.fetchrow(_ONE, key)
    if row:
        return _summary(row)
    return _unfollowed(key, shipped()[key]) if key in shipped() else None


async def versions(reading: Reading, key: str) -> list[Meant]:
    """Return whom each version of the segment meant, the newest first."""
    found = [_meant(row) for row in await reading.fetch(_VERSIONS, key)]
    return found or ([_as_shipped(shipped()[key])] if key in shipped() else [])


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
        origin="shipped" if row["key"] in shipped() else "own",
        words=_words(row["words"]),
        standing=_standing(row),
        live_since=row["live_since"],
        archived_at=row["archived_at"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        meant=_meant(row) if row["segment_version"] else None,
        version=row["version"],
    )


def _unfollowed(key: str, one: Shipped) -> SegmentSummary:
    """Return a segment that comes with Koi, as it is shipped."""
    return SegmentSummary(
        id=segment_stream(key),
        key=key,
        kind="dynamic",
        origin="shipped",
        words=one.words,
        standing="defined",
        live_since=None,
        archived_at=None,
        created_at=None,
        created_by=OWNER,
        meant=_as_shipped(one),
        version=0,
    )


def _as_shipped(one: Shipped) -> Meant:
    return Meant(
        segment_version=1,
        rule=one.rule,
        people=None,
        path=None,
        sha256=None,
        origin=None,
        defined_at=None,
        defined_by=OWNER,
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

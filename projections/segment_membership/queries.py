"""Read who is in which live segment, and since when; and how far the worker that keeps it is."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from pyroaring import BitMap

from domain.activity.membership import ENTERED, MEMBERSHIP, SOURCE
from domain.segments.segment import Words
from projections.engine.lag import MOST_COUNTED
from projections.engine.projection import Reading

# What `projection_position` calls the worker's place in the log.
POSITION: Final = "segmenting"
_CHUNK: Final = 1 << 16
_STANDING: Final = """
    SELECT s.key, s.version, s.began_at, s.walked IS NOT NULL AND s.telling_at IS NULL AS is_walking, c.words::text,
           m.numbers
    FROM segmenting.segment AS s JOIN segment_catalogue.segment AS c USING (key)
    LEFT JOIN segmenting.person AS p ON p.customer_id = $1
    LEFT JOIN segmenting.member AS m ON m.key = s.key AND m.chunk = p.number / $2
    ORDER BY s.key
"""
_NUMBER: Final = "SELECT number FROM segmenting.person WHERE customer_id = $1"
_TOLD: Final = """
    SELECT fact_id, occurred_at, recorded_at, name, body ->> 'segment' AS segment, (body ->> 'version')::int AS version,
           body ->> 'reason' AS reason
    FROM fact_log WHERE customer_id = ANY($1) AND name = ANY($2) AND source = $3
    ORDER BY recorded_at DESC, fact_id DESC LIMIT $4
"""
_WORK: Final = """
    SELECT (SELECT count(*) FROM segmenting.segment) AS segments,
           (SELECT count(*) FROM segmenting.segment WHERE walked IS NOT NULL) AS walking,
           (SELECT count(*) FROM segmenting.due WHERE due_at <= now()) AS overdue,
           (SELECT coalesce(sum(missing + surplus), 0)::int FROM segmenting.verified) AS differences,
           (SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0)::float8 FROM segmenting.due
            WHERE due_at <= now()) AS overdue_seconds,
           (SELECT count(*) FROM (SELECT FROM decision_log AS d JOIN projection_position AS p ON p.name = $1
            WHERE d.notification_id > p.position LIMIT $2) AS counted) AS behind
"""
_MOST_TOLD: Final = 2_000


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody entered or left at `occurred_at`, told at `recorded_at`; `reason` is a fact's name or a short code."""

    fact_id: int
    segment: str
    version: int
    is_in: bool
    occurred_at: datetime
    recorded_at: datetime
    reason: str


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A live segment that the person is in; `since` is null where she was in it when it went live, at `live_at`.

    `is_complete` is false while a new segment's first members are being found.
    """

    segment: str
    version: int
    words: Words
    since: datetime | None
    reason: str | None
    live_at: datetime
    is_complete: bool


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker has before it: events (counted up to 100,000), segments walked for, people due already.

    `differences` are memberships that were not those of batch when they were compared last.
    """

    segments: int
    walking: int
    overdue: int
    differences: int
    overdue_seconds: float
    behind: int


_words = msgspec.json.Decoder(Words).decode


async def memberships(reading: Reading, profile_id: UUID, members: Collection[UUID]) -> list[Membership]:
    """Return the live segments that the person is in, by their keys."""
    number = await reading.fetchval(_NUMBER, profile_id)
    if number is None:
        return []
    entered: dict[str, Change] = {}
    for change in reversed(await changes(reading, members, limit=_MOST_TOLD)):
        entered[change.segment] = change
    rows = await reading.fetch(_STANDING, profile_id, _CHUNK)
    return [
        _membership(row, entered.get(row["key"]))
        for row in rows
        if row["numbers"] is not None and number in BitMap.deserialize(row["numbers"])
    ]


async def changes(reading: Reading, members: Collection[UUID], *, limit: int = 50) -> list[Change]:
    """Return what was told of the person's memberships, the newest first."""
    rows = await reading.fetch(_TOLD, list(members), sorted(MEMBERSHIP), SOURCE, limit)
    return [
        Change(
            fact_id=row["fact_id"],
            segment=row["segment"],
            version=row["version"],
            is_in=row["name"] == ENTERED,
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            reason=row["reason"],
        )
        for row in rows
    ]


async def work(reading: Reading) -> Work:
    """Return what the worker has before it."""
    row = await reading.fetchrow(_WORK, POSITION, MOST_COUNTED)
    return Work(**dict(row or {}))


def _membership(row: asyncpg.Record, last: Change | None) -> Membership:
    # What was told of an earlier version says nothing about since when this one means her.
    entered = last if last and last.is_in and last.version == row["version"] else None
    return Membership(
        segment=row["key"],
        version=row["version"],
        words=_words(row["words"]),
        since=entered.occurred_at if entered else None,
        reason=entered.reason if entered else None,
        live_at=row["began_at"],
        is_complete=not row["is_walking"],
    )

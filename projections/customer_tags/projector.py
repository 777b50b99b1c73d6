"""customer_tags: the last event about a tag decides whether it is there, as the customer's own history does."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.customer import Customer
from domain.tags.words import Tag
from projections.customer_tags.table import tables
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection

_TAGGED: Final = Customer.Tagged.TOPIC
_UNTAGGED: Final = Customer.Untagged.TOPIC
_ERASED: Final = Customer.Erased.TOPIC
# In the order of the key, so that two transactions wait for each other instead of deadlocking.
_PUT = """
    INSERT INTO tag AS t (customer_id, source, key, value, name, evidence, occurred_at, position)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                         $8::bigint[])
    ON CONFLICT (customer_id, source, key, value) DO UPDATE
    SET name = excluded.name, evidence = excluded.evidence, occurred_at = excluded.occurred_at,
        position = excluded.position
"""
_TAKE_AWAY = """
    DELETE FROM tag AS t USING unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS g (who, source, key, value)
    WHERE t.customer_id = g.who AND t.source = g.source AND t.key = g.key AND t.value = g.value
"""
_FORGET = "DELETE FROM tag WHERE customer_id = ANY($1)"


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Said(msgspec.Struct):
    meta: _Meta
    source: str
    tags: tuple[Tag, ...]
    evidence: str


class _Place(NamedTuple):
    customer_id: UUID
    source: str
    key: str
    value: str


class _Row(NamedTuple):
    """A row of `tag`."""

    customer_id: UUID
    source: str
    key: str
    value: str
    name: str
    evidence: str
    occurred_at: datetime
    position: int


_decode = msgspec.json.Decoder(_Said).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page: per tag only its last event, since a statement may touch a row once."""
    last: dict[_Place, _Row | None] = {}
    erased: set[UUID] = set()
    for entry in page.of(_TAGGED, _UNTAGGED, _ERASED):
        if entry.topic == _ERASED:
            erased.add(entry.stream_id)
            last = {place: row for place, row in last.items() if place.customer_id != entry.stream_id}
            continue
        said = _decode(entry.state)
        for tag in said.tags:
            place = _Place(entry.stream_id, said.source, tag.key, tag.value)
            last[place] = _row(place, tag, said, entry) if entry.topic == _TAGGED else None
    there = sorted(row for row in last.values() if row is not None)
    gone = sorted(place for place, row in last.items() if row is None)
    if erased:
        await connection.execute(_FORGET, sorted(erased))
    if gone:
        await connection.execute(_TAKE_AWAY, *map(list, zip(*gone, strict=True)))
    if there:
        await connection.execute(_PUT, *map(list, zip(*there, strict=True)))


def _row(place: _Place, tag: Tag, said: _Said, entry: Entry) -> _Row:
    return _Row(*place, tag.name, said.evidence, said.meta.occurred_at, entry.position)


PROJECTION = Projection(
    name="customer_tags", version=1, tables=tables, topics=frozenset({_TAGGED, _UNTAGGED, _ERASED}), apply=apply
)

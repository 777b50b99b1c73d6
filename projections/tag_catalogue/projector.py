"""tag_catalogue: tags change seldom, so one event at a time."""

from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from domain.tags.tag import Tag
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection
from projections.tag_catalogue.table import tables

_HOW: Final = {Tag.Defined.TOPIC: "defined", Tag.Redefined.TOPIC: "redefined", Tag.WeightsTuned.TOPIC: "tuned"}
_KNOW: Final = """
    INSERT INTO tag AS t (tag_id, key, tag_version, version) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tag_id) DO UPDATE
    SET tag_version = greatest(t.tag_version, excluded.tag_version), version = excluded.version
"""
_DEFINE: Final = """
    INSERT INTO definition (tag_id, tag_version, how, terms, defined_at, defined_by) VALUES ($1, $2, $3, $4, $5, $6)
"""
_RETIRE: Final = "UPDATE tag SET retired_at = $2, retired_because = $3 WHERE tag_id = $1"


class _Meta(msgspec.Struct):
    occurred_at: datetime
    actor: str = ""


class _Said(msgspec.Struct):
    meta: _Meta
    key: str
    tag_version: int = 0
    terms: msgspec.Raw = msgspec.Raw(b"")
    reason: str = ""


_decode = msgspec.json.Decoder(_Said).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    for entry in page.of(*_HOW, Tag.Retired.TOPIC):
        await _take(connection, entry)


async def _take(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _decode(entry.state)
    at = said.meta.occurred_at
    await connection.execute(_KNOW, entry.stream_id, said.key, said.tag_version, entry.version)
    if entry.topic == Tag.Retired.TOPIC:
        await connection.execute(_RETIRE, entry.stream_id, at, said.reason)
        return
    told = (_HOW[entry.topic], bytes(said.terms).decode(), at, said.meta.actor)
    await connection.execute(_DEFINE, entry.stream_id, said.tag_version, *told)


PROJECTION = Projection(
    name="tag_catalogue", version=1, tables=tables, topics=frozenset({*_HOW, Tag.Retired.TOPIC}), apply=apply
)

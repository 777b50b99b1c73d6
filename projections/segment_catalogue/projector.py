"""segment_catalogue: segments are few, so one event at a time."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from domain.segments.segment import Segment, Words
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection
from projections.segment_catalogue.table import tables

_CREATE = """
    INSERT INTO segment (segment_id, key, kind, words, segment_version, created_at, created_by, version)
    VALUES ($1, $2, $3, $4, 0, $5, $6, $7)
"""
_DESCRIBE = "UPDATE segment SET words = $2 WHERE segment_id = $1"
_DEFINE = """
    INSERT INTO definition (segment_id, segment_version, rule, defined_at, defined_by) VALUES ($1, $2, $3, $4, $5)
"""
_LIST = """
    INSERT INTO definition (segment_id, segment_version, people, path, sha256, origin, defined_at, defined_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_NEWEST = "UPDATE segment SET segment_version = $2 WHERE segment_id = $1"
_LIVE = "UPDATE segment SET live_since = $2 WHERE segment_id = $1"
_ARCHIVE = "UPDATE segment SET archived_at = $2, archived_because = $3, live_since = NULL WHERE segment_id = $1"
_VERSION = "UPDATE segment SET version = $2 WHERE segment_id = $1"


class _Meta(msgspec.Struct):
    occurred_at: datetime
    actor: str = ""


class _Created(msgspec.Struct):
    meta: _Meta
    key: str
    kind: str


class _Said(msgspec.Struct):
    meta: _Meta
    reason: str = ""


class _Defined(msgspec.Struct):
    meta: _Meta
    segment_version: int
    rule: dict[str, Any]


class _Listed(msgspec.Struct):
    meta: _Meta
    segment_version: int
    people: int
    path: str
    sha256: str
    origin: dict[str, Any]


_created = msgspec.json.Decoder(_Created).decode
_words = msgspec.json.Decoder(Words).decode
_said = msgspec.json.Decoder(_Said).decode
_defined = msgspec.json.Decoder(_Defined).decode
_listed = msgspec.json.Decoder(_Listed).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    versions: dict[UUID, int] = {}
    for entry in page.of(*_CHANGES):
        await _CHANGES[entry.topic](connection, entry)
        versions[entry.stream_id] = entry.version
    for segment_id, version in versions.items():
        await connection.execute(_VERSION, segment_id, version)


async def _create(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _created(entry.state)
    told = (said.meta.occurred_at, said.meta.actor, entry.version)
    await connection.execute(_CREATE, entry.stream_id, said.key, said.kind, _json(_words(entry.state)), *told)


async def _describe(connection: asyncpg.Connection, entry: Entry) -> None:
    await connection.execute(_DESCRIBE, entry.stream_id, _json(_words(entry.state)))


async def _define(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _defined(entry.state)
    told = (_json(said.rule), said.meta.occurred_at, said.meta.actor)
    await connection.execute(_DEFINE, entry.stream_id, said.segment_version, *told)
    await connection.execute(_NEWEST, entry.stream_id, said.segment_version)


async def _list(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _listed(entry.state)
    what = (said.people, said.path, said.sha256, _json(said.origin))
    told = (said.meta.occurred_at, said.meta.actor)
    await connection.execute(_LIST, entry.stream_id, said.segment_version, *what, *told)
    await connection.execute(_NEWEST, entry.stream_id, said.segment_version)


async def _activate(connection: asyncpg.Connection, entry: Entry) -> None:
    await connection.execute(_LIVE, entry.stream_id, _said(entry.state).meta.occurred_at)


async def _deactivate(connection: asyncpg.Connection, entry: Entry) -> None:
    await connection.execute(_LIVE, entry.stream_id, None)


async def _archive(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _said(entry.state)
    await connection.execute(_ARCHIVE, entry.stream_id, said.meta.occurred_at, said.reason)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_CHANGES: dict[str, Callable[[asyncpg.Connection, Entry], Awaitable[None]]] = {
    Segment.Created.TOPIC: _create,
    Segment.Described.TOPIC: _describe,
    Segment.Defined.TOPIC: _define,
    Segment.Listed.TOPIC: _list,
    Segment.Activated.TOPIC: _activate,
    Segment.Deactivated.TOPIC: _deactivate,
    Segment.Archived.TOPIC: _archive,
}
PROJECTION = Projection(name="segment_catalogue", version=1, tables=tables, topics=frozenset(_CHANGES), apply=apply)

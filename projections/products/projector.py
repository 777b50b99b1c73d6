"""products: the words of a page, the last one of each attribute."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from domain.products.product import Product
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection
from projections.products.table import tables

_KNOW = """
    INSERT INTO product AS p (product_id, item_type, item_id, described_at, withdrawn_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
    ON CONFLICT (product_id) DO UPDATE
    SET described_at = greatest(p.described_at, excluded.described_at),
        withdrawn_at = greatest(p.withdrawn_at, excluded.withdrawn_at)
"""
# The later word by business time wins, then the one that stands later in the log.
_DESCRIBE = """
    INSERT INTO attribute AS a (product_id, key, value, occurred_at, position)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::json[], $4::timestamptz[], $5::bigint[])
    ON CONFLICT (product_id, key) DO UPDATE
    SET value = excluded.value, occurred_at = excluded.occurred_at, position = excluded.position
    WHERE (excluded.occurred_at, excluded.position) > (a.occurred_at, a.position)
"""

_SPEAK = """
    INSERT INTO spoken AS s (id, position) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET position = greatest(s.position, excluded.position)
"""


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Said(msgspec.Struct):
    meta: _Meta
    item_type: str
    item_id: str
    attributes: dict[str, msgspec.Raw] = {}


class _Known(msgspec.Struct):
    """A row of `product`."""

    product_id: UUID
    item_type: str
    item_id: str
    described_at: datetime | None = None
    withdrawn_at: datetime | None = None


Row = tuple[UUID, str, str, datetime, int]
_said = msgspec.json.Decoder(_Said).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    known: dict[UUID, _Known] = {}
    words: dict[tuple[UUID, str], Row] = {}
    entries = list(page.of(Product.Described.TOPIC, Product.Withdrawn.TOPIC))
    for entry in entries:
        _fold(entry, known, words)
    await _execute(connection, _KNOW, (msgspec.structs.astuple(one) for one in known.values()))
    await _execute(connection, _DESCRIBE, words.values())
    if entries:
        await connection.execute(_SPEAK, entries[-1].position)


def _fold(entry: Entry, known: dict[UUID, _Known], words: dict[tuple[UUID, str], Row]) -> None:
    said, product_id = _said(entry.state), entry.stream_id
    at = said.meta.occurred_at
    product = known.setdefault(product_id, _Known(product_id, said.item_type, said.item_id))
    if entry.topic == Product.Withdrawn.TOPIC:
        product.withdrawn_at = max(at, product.withdrawn_at or at)
        return
    product.described_at = max(at, product.described_at or at)
    for key, value in said.attributes.items():
        earlier = words.get((product_id, key))
        if earlier is None or (at, entry.position) > earlier[3:]:
            words[product_id, key] = (product_id, key, bytes(value).decode(), at, entry.position)


async def _execute(connection: asyncpg.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True))
    if columns:
        await connection.execute(statement, *map(list, columns))


PROJECTION = Projection(
    name="products",
    version=2,
    tables=tables,
    topics=frozenset({Product.Described.TOPIC, Product.Withdrawn.TOPIC}),
    apply=apply,
)

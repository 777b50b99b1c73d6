"""Ask the catalogue."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from projections.engine.projection import Reading

_PRODUCTS = """
    SELECT p.product_id, p.item_type, p.item_id, p.described_at, p.withdrawn_at,
           coalesce((SELECT json_object_agg(a.key, a.value ORDER BY a.key) FROM products.attribute AS a
                     WHERE a.product_id = p.product_id
                       AND (p.withdrawn_at IS NULL OR a.occurred_at > p.withdrawn_at)), '{}')::text AS attributes
    FROM products.product AS p
    WHERE (p.item_type, p.item_id) > ($1, $2) AND ($3::text IS NULL OR p.item_type = $3)
      AND ($4::text IS NULL OR p.item_id = $4)
    ORDER BY p.item_type, p.item_id LIMIT $5
"""

# The words that hold of items of any type, the later ones last.
_ITEMS = """
    SELECT p.item_id, a.key, a.value::text AS value FROM products.product AS p
    JOIN products.attribute AS a USING (product_id)
    WHERE p.item_id = ANY($1) AND (p.withdrawn_at IS NULL OR a.occurred_at > p.withdrawn_at)
    ORDER BY a.occurred_at, a.position
"""
_SPOKEN = "SELECT position FROM products.spoken"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A product; `is_withdrawn` if the catalogue has it no more."""

    product_id: UUID
    item_type: str
    item_id: str
    attributes: dict[str, Any]
    described_at: datetime | None
    is_withdrawn: bool


async def products(
    reading: Reading,
    *,
    item_type: str | None = None,
    item_id: str | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int = 50,
) -> list[Shown]:
    """Return products in the order of type and id, from the one after `after` on."""
    return [
        Shown(
            product_id=row["product_id"],
            item_type=row["item_type"],
            item_id=row["item_id"],
            attributes=msgspec.json.decode(row["attributes"]),
            described_at=row["described_at"],
            is_withdrawn=row["withdrawn_at"] is not None
            and (row["described_at"] is None or row["described_at"] <= row["withdrawn_at"]),
        )
        for row in await reading.fetch(_PRODUCTS, *after, item_type, item_id, limit)
    ]


async def items(reading: Reading, item_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return what the catalogue says of items by the id that events call them, whatever their type."""
    found: dict[str, dict[str, Any]] = {}
    for row in await reading.fetch(_ITEMS, list(item_ids)):
        found.setdefault(row["item_id"], {})[row["key"]] = msgspec.json.decode(row["value"])
    return found


async def spoken_at(reading: Reading) -> int:
    """Return the position at which the catalogue was last spoken of, as far as the view is; 0 if never."""
    return await reading.fetchval(_SPOKEN) or 0

"""Ask the catalogue."""

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

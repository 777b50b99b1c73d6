"""Read coupon_ledger: one coupon, or those of a customer, a campaign, a code."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from projections.engine.projection import Reading

_COLUMNS = """
    coupon_id, campaign_id, offer_id, customer_id, status, code, value, threshold, currency, product_ids, because,
    issued_at, expires_at, settled_at, order_ref, amount, version, position
"""
_ONE = f"SELECT {_COLUMNS} FROM coupon_ledger.coupon WHERE coupon_id = $1"
_LIST = f"""
    SELECT {_COLUMNS} FROM coupon_ledger.coupon
    WHERE position < coalesce($1, 9223372036854775807) AND ($2::uuid[] IS NULL OR customer_id = ANY($2))
      AND ($3::uuid IS NULL OR campaign_id = $3) AND ($4::text IS NULL OR code = $4)
    ORDER BY position DESC LIMIT $5
"""


class LedgerCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon: `value` off an order of at least `threshold`, minor units (fen) of `currency`.

    `status` is issued, redeemed, expired or voided, since `settled_at`; `amount` is that of the order `order_ref`.
    `because` names the step and the fact that led to it, or the reason somebody gave. `code` is null for readers whom
    it is not shown to.
    """

    id: UUID
    campaign_id: UUID
    offer_id: str
    customer_id: UUID
    status: str
    code: str | None
    value: int
    threshold: int
    currency: str
    product_ids: list[str] | None
    because: dict[str, Any]
    issued_at: datetime
    expires_at: datetime
    settled_at: datetime | None
    order_ref: str | None
    amount: int | None
    version: int
    position: int


async def coupon(reading: Reading, coupon_id: UUID) -> LedgerCoupon | None:
    """Return a coupon, None if there is none."""
    row = await reading.fetchrow(_ONE, coupon_id)
    return _coupon(row) if row else None


async def coupons(
    reading: Reading,
    *,
    before: int | None = None,
    customers: Collection[UUID] | None = None,
    campaign_id: UUID | None = None,
    code: str | None = None,
    limit: int = 50,
) -> list[LedgerCoupon]:
    """Return the coupons issued before a position of the log, the newest first, those that pass the filters."""
    wanted = None if customers is None else list(customers)
    rows = await reading.fetch(_LIST, before, wanted, campaign_id, code, limit)
    return [_coupon(row) for row in rows]


def _coupon(row: asyncpg.Record) -> LedgerCoupon:
    fields = dict(row)
    product_ids = fields.pop("product_ids")
    return LedgerCoupon(
        id=fields.pop("coupon_id"),
        because=msgspec.json.decode(fields.pop("because")),
        product_ids=None if product_ids is None else msgspec.json.decode(product_ids),
        **fields,
    )

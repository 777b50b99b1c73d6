"""coupon_ledger: one row per coupon, made when it is issued, settled when it is redeemed, expired or withdrawn."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from domain.coupons.coupon import Coupon
from projections.coupon_ledger.table import tables
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection

_ISSUED = Coupon.Issued.TOPIC
_SETTLED = {
    Coupon.Redeemed.TOPIC: "redeemed",
    Coupon.Expired.TOPIC: "expired",
    Coupon.Voided.TOPIC: "voided",
}
_ISSUE = """
    INSERT INTO coupon (coupon_id, campaign_id, offer_id, customer_id, status, code, value, threshold, currency,
                        product_ids, because, issued_at, expires_at, version, position)
    SELECT coupon_id, campaign_id, offer_id, customer_id, 'issued', code, value, threshold, currency,
           product_ids, because, issued_at, expires_at, version, position
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::text[],
                $9::json[], $10::json[], $11::timestamptz[], $12::timestamptz[], $13::bigint[], $14::bigint[])
        AS t (coupon_id, campaign_id, offer_id, customer_id, code, value, threshold, currency,
              product_ids, because, issued_at, expires_at, version, position)
"""
_SETTLE = """
    UPDATE coupon AS c SET status = t.status, settled_at = t.settled_at, order_ref = t.order_ref, amount = t.amount,
                           version = t.version
    FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::bigint[])
        AS t (coupon_id, status, settled_at, order_ref, amount, version)
    WHERE c.coupon_id = t.coupon_id
"""


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Issued(msgspec.Struct):
    meta: _Meta
    campaign_id: UUID
    offer_id: str
    customer_id: UUID
    code: str
    value: int
    threshold: int
    currency: str
    expires_at: datetime
    because: msgspec.Raw
    product_ids: msgspec.Raw | None = None


class _Settled(msgspec.Struct):
    meta: _Meta
    order_ref: str | None = None
    amount: int | None = None


_issued = msgspec.json.Decoder(_Issued).decode
_settled = msgspec.json.Decoder(_Settled).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    await _execute(connection, _ISSUE, [_row(entry) for entry in page.of(_ISSUED)])
    # A coupon is settled once, whatever the way.
    await _execute(connection, _SETTLE, [_settlement(entry) for entry in page.of(*_SETTLED)])


def _row(entry: Entry) -> tuple[object, ...]:
    said = _issued(entry.state)
    return (
        entry.stream_id,
        said.campaign_id,
        said.offer_id,
        said.customer_id,
        said.code,
        said.value,
        said.threshold,
        said.currency,
        bytes(said.product_ids).decode() if said.product_ids else None,
        bytes(said.because).decode(),
        said.meta.occurred_at,
        said.expires_at,
        entry.version,
        entry.position,
    )


def _settlement(entry: Entry) -> tuple[object, ...]:
    said = _settled(entry.state)
    status = _SETTLED[entry.topic]
    return (entry.stream_id, status, said.meta.occurred_at, said.order_ref, said.amount, entry.version)


async def _execute(connection: asyncpg.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True))
    if columns:
        await connection.execute(statement, *map(list, columns))


PROJECTION = Projection(
    name="coupon_ledger", version=1, tables=tables, topics=frozenset({_ISSUED, *_SETTLED}), apply=apply
)

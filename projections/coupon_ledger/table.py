"""The table of coupon_ledger."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP, UUID

tables = sa.MetaData()

_WHEN = TIMESTAMP(timezone=True)

# Amounts in minor units; `amount` is that of the order it was redeemed on.
coupon = sa.Table(
    "coupon",
    tables,
    sa.Column("coupon_id", UUID, primary_key=True),
    sa.Column("campaign_id", UUID, nullable=False),
    sa.Column("offer_id", sa.Text, nullable=False),
    sa.Column("customer_id", UUID, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("threshold", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("product_ids", JSON),
    sa.Column("because", JSON, nullable=False),
    sa.Column("issued_at", _WHEN, nullable=False),
    sa.Column("expires_at", _WHEN, nullable=False),
    sa.Column("settled_at", _WHEN),
    sa.Column("order_ref", sa.Text),
    sa.Column("amount", sa.BigInteger),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("coupon_customer", "customer_id", "position"),
    sa.Index("coupon_campaign", "campaign_id", "offer_id", "status"),
    sa.Index("coupon_code", "code"),
    sa.Index("coupon_position", "position"),
    postgresql_with={"fillfactor": 80},
)

"""The tables of campaign_overview."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP, UUID

tables = sa.MetaData()

_WHEN = TIMESTAMP(timezone=True)

campaign = sa.Table(
    "campaign",
    tables,
    sa.Column("campaign_id", UUID, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text),
    sa.Column("starts_at", _WHEN),
    sa.Column("ends_at", _WHEN),
    sa.Column("created_at", _WHEN, nullable=False),
    sa.Column("journey_versions", sa.Integer, nullable=False, server_default="0"),
    sa.Column("live_version", sa.Integer),
    sa.Column("is_paused", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("entered", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("campaign_position", "position"),
    postgresql_with={"fillfactor": 70},
)

# Terms are promised and never change; `reserved` counts what is given away of a limited stock.
offer = sa.Table(
    "offer",
    tables,
    sa.Column("campaign_id", UUID, primary_key=True),
    sa.Column("offer_id", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("threshold", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("valid_seconds", sa.BigInteger, nullable=False),
    sa.Column("stock", sa.BigInteger),
    sa.Column("per_customer", sa.Integer, nullable=False),
    sa.Column("product_ids", JSON),
    sa.Column("reserved", sa.BigInteger, nullable=False, server_default="0"),
    postgresql_with={"fillfactor": 70},
)

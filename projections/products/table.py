"""The tables of products."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP, UUID

tables = sa.MetaData()

_WHEN = TIMESTAMP(timezone=True)

# Since when it is known, and until when what was said of it is forgotten.
product = sa.Table(
    "product",
    tables,
    sa.Column("product_id", UUID, primary_key=True),
    sa.Column("item_type", sa.Text, nullable=False),
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("described_at", _WHEN),
    sa.Column("withdrawn_at", _WHEN),
    sa.Index("product_named", "item_type", "item_id"),
    sa.Index("product_item", "item_id"),
)

# The last word on each attribute.
attribute = sa.Table(
    "attribute",
    tables,
    sa.Column("product_id", UUID, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", JSON, nullable=False),
    sa.Column("occurred_at", _WHEN, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)

# Where in the log the catalogue was last spoken of: one row, so that whoever keeps products in memory knows of news.
spoken = sa.Table(
    "spoken",
    tables,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)

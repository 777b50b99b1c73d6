"""The table of customer_tags."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID

tables = sa.MetaData()

# One row per tag that a source says the customer has; what it no longer says is not there.
tag = sa.Table(
    "tag",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("tag_key", "key", "value", info={"late": True}),
)

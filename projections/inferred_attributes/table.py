"""The table of inferred_attributes."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSON, TIMESTAMP, UUID

tables = sa.MetaData()

# One row per inference that holds: the value in clear, or sealed under the customer's key.
inferred = sa.Table(
    "inferred",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("attribute", sa.Text, nullable=False),
    sa.Column("value", JSON),
    sa.Column("sealed", BYTEA),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("confidence", sa.SmallInteger, nullable=False),
    sa.Column("evidence", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
    sa.Column("expires_at", TIMESTAMP(timezone=True)),
    sa.Column("position", sa.BigInteger, nullable=False),
)

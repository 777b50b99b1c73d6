"""The tables of audit_chain."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

tables = sa.MetaData()

# The chain's hash after every thousandth event, so that a verification can say where the log was changed.
checkpoint = sa.Table(
    "checkpoint",
    tables,
    sa.Column("events", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("hash", BYTEA, nullable=False),
)

# The end of the chain: one row.
head = sa.Table(
    "head",
    tables,
    sa.Column("one", sa.Boolean, primary_key=True),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("hash", BYTEA, nullable=False),
)

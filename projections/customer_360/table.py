"""The tables of customer_360."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSON, TIMESTAMP, UUID

tables = sa.MetaData()

_WHEN = TIMESTAMP(timezone=True)
# Room on each page lets an update stay beside its row and leave the indexes alone.
_UPDATED = {"fillfactor": 80}

# What a customer did: one row per kind of activity, over all time.
activity = sa.Table(
    "activity",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("first_at", _WHEN, nullable=False),
    sa.Column("last_at", _WHEN, nullable=False),
    postgresql_with=_UPDATED,
)

# Purchases less refunds, over all time; amounts in minor units.
money = sa.Table(
    "money",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("currency", sa.Text, primary_key=True),
    sa.Column("orders", sa.BigInteger, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    postgresql_with=_UPDATED,
)

# One row per purchase (orders 1) or refund (orders -1, amount negative), for sums over any window.
purchase = sa.Table(
    "purchase",
    tables,
    sa.Column("customer_id", UUID, nullable=False),
    sa.Column("occurred_at", _WHEN, nullable=False),
    sa.Column("fact_id", sa.BigInteger, nullable=False),
    sa.Column("orders", sa.SmallInteger, nullable=False),
    sa.Column("amount", sa.BigInteger),
    sa.Column("currency", sa.Text),
    sa.Index("purchase_customer", "customer_id", "occurred_at", info={"late": True}),
)

# The last word that set or unset each attribute: `value` in clear, or `sealed` under the customer's key, or neither
# where it was unset.
attribute = sa.Table(
    "attribute",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", JSON),
    sa.Column("sealed", BYTEA),
    sa.Column("occurred_at", _WHEN, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    postgresql_with=_UPDATED,
)

# What else was said about an attribute, one row a word: what it is if there is none, texts added, increments. They
# count by business time, among those of all customers of a profile: folded when read (`domain.identity.attributes`).
word = sa.Table(
    "word",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("kind", sa.SmallInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("value", JSON),
    sa.Column("sealed", BYTEA),
    sa.Column("occurred_at", _WHEN, nullable=False),
)

# Until when what was said about a customer is forgotten.
clearing = sa.Table(
    "clearing",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("occurred_at", _WHEN, nullable=False),
)

# The last word on each channel and purpose; a proven one goes before one that is not.
consent = sa.Table(
    "consent",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("text_version", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("is_proven", sa.Boolean, nullable=False),
    sa.Column("occurred_at", _WHEN, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    postgresql_with=_UPDATED,
)

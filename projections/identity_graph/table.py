"""The tables of identity_graph: customers are nodes, claims and merges are the edges between them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, TIMESTAMP, UUID

tables = sa.MetaData()

# Whether claim `i` joins nobody, in SQL: one of its two ends was unbound since (`domain.identity.graph.is_void`).
VOID = """(i.customer_id <> i.identifier_id AND EXISTS (
        SELECT FROM {schema}unbinding AS u
        WHERE u.customer_id IN (i.customer_id, i.identifier_id) AND u.occurred_at >= i.claimed_at))"""

# Every customer that acted (`registered_at` tells since when) or that a claimed identifier names.
customer = sa.Table(
    "customer",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("rank", sa.SmallInteger, nullable=False),
    sa.Column("profile_id", UUID, nullable=False),
    sa.Column("registered_at", TIMESTAMP(timezone=True)),
    sa.Index("customer_profile", "profile_id", "customer_id"),
)

# That a customer was seen under an identifier; its value is sealed under the customer's key. `claimed_at` is the last
# time it was said: what is said before one of the two was unbound does not count (see `VOID`).
claim = sa.Table(
    "claim",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("identifier_id", UUID, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("sealed", BYTEA),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sa.Column("claimed_at", TIMESTAMP(timezone=True), nullable=False),
)

# That an identifier was cut from everybody it had been joined with until then.
unbinding = sa.Table(
    "unbinding",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
)

# That somebody decided two customers to be one person.
merge = sa.Table(
    "merge",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("other_id", UUID, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)

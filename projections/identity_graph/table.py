"""The tables of identity_graph: customers are nodes, claims and merges are the edges between them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, TIMESTAMP, UUID

tables = sa.MetaData()

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

# That a customer was seen under an identifier; its value is sealed under the customer's key.
claim = sa.Table(
    "claim",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("identifier_id", UUID, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("sealed", BYTEA),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
)

# That somebody decided two customers to be one person.
merge = sa.Table(
    "merge",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("other_id", UUID, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)

"""The tables of identity_graph: customers are nodes, claims and merges are the edges between them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, TIMESTAMP, UUID

tables = sa.MetaData()

_LIVE = "NOT withdrawn AND NOT void AND identifier_id <> customer_id"

# Every customer that acted (`registered_at` tells since when) or that a claimed identifier names; `hold` says why the
# identifier that names it joins nobody (blocked, crowded, shared).
customer = sa.Table(
    "customer",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("rank", sa.SmallInteger, nullable=False),
    sa.Column("profile_id", UUID, nullable=False),
    sa.Column("registered_at", TIMESTAMP(timezone=True)),
    sa.Column("hold", sa.Text),
    sa.Index("customer_profile", "profile_id", "customer_id"),
)

# That a customer was seen under an identifier; its value is sealed under the customer's key. `claimed_at` is the last
# time it was said; `void`: one of the two was unbound since (`domain.identity.graph.is_void`), so that it joins nobody.
# `weak`: one of the two is of a weak kind, under the rules in force.
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
    sa.Column("void", sa.Boolean, nullable=False),
    sa.Column("weak", sa.Boolean, nullable=False),
    sa.Index("claim_of_person", "customer_id", postgresql_where=sa.text(f"NOT weak AND {_LIVE}")),
    sa.Index("claim_on", "identifier_id", postgresql_where=sa.text(_LIVE)),
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
    sa.Column("since", TIMESTAMP(timezone=True), nullable=False),
    sa.Index("merge_with", "other_id"),
)

# The rules in force, none until the first are adopted: one row.
rules = sa.Table(
    "rules",
    tables,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("guards", sa.Text, nullable=False),
)

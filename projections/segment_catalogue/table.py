"""The tables of segment_catalogue."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP, UUID

tables = sa.MetaData()

_WHEN = TIMESTAMP(timezone=True)

# One row a segment; `version` is that of its stream, `segment_version` the last definition or list (0: a list that is
# still empty), `live_since` where its changes are told.
segment = sa.Table(
    "segment",
    tables,
    sa.Column("segment_id", UUID, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("words", JSON, nullable=False),
    sa.Column("segment_version", sa.Integer, nullable=False),
    sa.Column("live_since", _WHEN),
    sa.Column("archived_at", _WHEN),
    sa.Column("archived_because", sa.Text),
    sa.Column("created_at", _WHEN, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("segment_key", "key", unique=True),
)

# One row a definition or list: a rule, or a file of people.
definition = sa.Table(
    "definition",
    tables,
    sa.Column("segment_id", UUID, primary_key=True),
    sa.Column("segment_version", sa.Integer, primary_key=True),
    sa.Column("rule", JSON),
    sa.Column("people", sa.BigInteger),
    sa.Column("path", sa.Text),
    sa.Column("sha256", sa.Text),
    sa.Column("origin", JSON),
    sa.Column("defined_at", _WHEN, nullable=False),
    sa.Column("defined_by", sa.Text, nullable=False),
)

"""The table of match_review."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID

tables = sa.MetaData()

_WHEN = TIMESTAMP(timezone=True)

# A pair that was proposed: where it stands, how likely and why; who decided it when, in which words.
match = sa.Table(
    "match",
    tables,
    sa.Column("match_id", UUID, primary_key=True),
    sa.Column("left_id", UUID, nullable=False),
    sa.Column("right_id", UUID, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("probability", sa.Double, nullable=False),
    sa.Column("weight", sa.Double, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("reasons", sa.Text, nullable=False),
    sa.Column("proposed_at", _WHEN, nullable=False),
    sa.Column("decided_at", _WHEN),
    sa.Column("decided_by", sa.Text),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("match_queue", "state", "weight", "match_id"),
)

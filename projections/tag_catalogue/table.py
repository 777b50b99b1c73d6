"""The tables of tag_catalogue."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP, UUID

tables = sa.MetaData()

_WHEN = TIMESTAMP(timezone=True)

# One row a tag that has a stream; `version` is that of the stream, `tag_version` the last definition (0: none, a tag of
# Koi's that was retired).
tag = sa.Table(
    "tag",
    tables,
    sa.Column("tag_id", UUID, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("tag_version", sa.Integer, nullable=False),
    sa.Column("retired_at", _WHEN),
    sa.Column("retired_because", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("tag_key", "key", unique=True),
)

# One row a version; `how` it came: defined, redefined or tuned.
definition = sa.Table(
    "definition",
    tables,
    sa.Column("tag_id", UUID, primary_key=True),
    sa.Column("tag_version", sa.Integer, primary_key=True),
    sa.Column("how", sa.Text, nullable=False),
    sa.Column("terms", JSON, nullable=False),
    sa.Column("defined_at", _WHEN, nullable=False),
    sa.Column("defined_by", sa.Text, nullable=False),
)

"""The tables of lake: the manifest of its files, and where the segment being filled stands."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP

tables = sa.MetaData()

# One row per file; `kind` is facts or decisions, months are of occurrence (UTC), positions those of its segment.
file = sa.Table(
    "file",
    tables,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("month", sa.Date, nullable=False),
    sa.Column("bucket", sa.SmallInteger),
    sa.Column("first_position", sa.BigInteger, nullable=False),
    sa.Column("last_position", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Index("file_month", "kind", "month"),
)

# One row: everything up to `closed_at` is in files; since then so many rows came, the last facts recorded then.
open_segment = sa.Table(
    "open_segment",
    tables,
    sa.Column("one", sa.Boolean, primary_key=True),
    sa.Column("closed_at", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("recorded_at", TIMESTAMP(timezone=True)),
)

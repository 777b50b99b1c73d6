"""The tables of event_timeline."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP, UUID

tables = sa.MetaData()

# One row per customer an event concerns; the summary holds its plain fields, nothing personal.
decision = sa.Table(
    "decision",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("occurred_at", TIMESTAMP(timezone=True), primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("stream_id", UUID, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("summary", JSON, nullable=False),
)

# Whom a stream is about: its first event says so, the later ones need not.
subject = sa.Table(
    "subject",
    tables,
    sa.Column("stream_id", UUID, primary_key=True),
    sa.Column("customer_id", UUID, nullable=False),
)

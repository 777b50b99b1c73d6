"""The tables of due_timers."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID

tables = sa.MetaData()

timer = sa.Table(
    "timer",
    tables,
    sa.Column("stream_id", UUID, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("node", sa.Text),
    sa.Column("visit", sa.Integer),
    sa.Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    sa.Index("timer_due", "due_at"),
)

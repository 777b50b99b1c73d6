"""A small view for tests of the engine: what each stream said last, and what each customer spent, up to a limit."""

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from domain.activity.sealing import FactsSealed
from domain.identity.customer import Customer
from projections.engine.page import Page
from projections.engine.projection import Projection

tables = sa.MetaData()
LIMIT = 1_000_000

sa.Table(
    "said",
    tables,
    sa.Column("stream_id", UUID, primary_key=True),
    sa.Column("words", sa.BigInteger, nullable=False),
    sa.Column("last", sa.Text, nullable=False),
)
sa.Table(
    "spent",
    tables,
    sa.Column("customer_id", UUID, primary_key=True),
    sa.Column("amount", sa.BigInteger, sa.CheckConstraint(f"amount < {LIMIT}", name="affordable"), nullable=False),
)

_SAY = """
    INSERT INTO said AS s (stream_id, words, last) VALUES ($1, 1, $2)
    ON CONFLICT (stream_id) DO UPDATE SET words = s.words + 1, last = excluded.last
"""
_SPEND = """
    INSERT INTO spent AS s (customer_id, amount)
    SELECT customer_id, sum(coalesce(amount, 0)) FROM fact_log
    WHERE recorded_at BETWEEN $1 AND $2 AND fact_id BETWEEN $3 AND $4 GROUP BY customer_id ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE SET amount = s.amount + excluded.amount
"""


class _Said(msgspec.Struct):
    channel: str


_said = msgspec.json.Decoder(_Said).decode


class Repairs:
    """What the view cannot take, until it is repaired."""

    def __init__(self, *unreadable: str) -> None:
        """Name the channels whose consents it stumbles over."""
        self.unreadable = set(unreadable)

    async def apply(self, connection: asyncpg.Connection, page: Page) -> None:
        """Take a page."""
        for entry in page.of(Customer.ConsentChanged.TOPIC):
            channel = _said(entry.state).channel
            if channel in self.unreadable:
                raise ValueError(channel)
            await connection.execute(_SAY, entry.stream_id, channel)
        for facts in page.fact_ranges:
            await connection.execute(_SPEND, *facts.bounds)


def tally(repairs: Repairs | None = None, *, version: int = 1) -> Projection:
    """Return the view."""
    return Projection(
        name="tally",
        version=version,
        tables=tables,
        topics=frozenset({Customer.ConsentChanged.TOPIC, FactsSealed.TOPIC}),
        apply=(repairs or Repairs()).apply,
    )

"""Read the timeline of a profile: decisions and facts of its members as one list."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec

from projections.engine.projection import Reading

# Decisions sort before facts of the same instant.
_DECISION: Final = 0
_FACT: Final = 1
# One index scan per member, each no longer than the page; {op} and {order} give the direction.
DECISIONS = """
    SELECT d.* FROM unnest($1::uuid[]) AS m (customer_id) CROSS JOIN LATERAL (
        SELECT customer_id, occurred_at, position, stream_id, topic, summary FROM event_timeline.decision
        WHERE customer_id = m.customer_id AND occurred_at {op}= $2 AND (occurred_at, 0, position) {op} ($2, $3::int, $4)
        ORDER BY occurred_at {order}, position {order} LIMIT $5
    ) AS d ORDER BY d.occurred_at {order}, d.position {order} LIMIT $5
"""
FACTS = """
    SELECT f.* FROM unnest($1::uuid[]) AS m (customer_id) CROSS JOIN LATERAL (
        SELECT customer_id, occurred_at, fact_id, recorded_at, name, source, amount, currency, body, sealed
        FROM fact_log WHERE customer_id = m.customer_id AND occurred_at {op}= $2
            AND (occurred_at, 1, fact_id) {op} ($2, $3::int, $4)
        ORDER BY occurred_at {order}, fact_id {order} LIMIT $5
    ) AS f ORDER BY f.occurred_at {order}, f.fact_id {order} LIMIT $5
"""


LATEST = """
    SELECT stream_id FROM event_timeline.decision
    WHERE customer_id = ANY($1) AND topic = ANY($2) ORDER BY position DESC LIMIT 1
"""


class Decision(msgspec.Struct, frozen=True, kw_only=True, tag="decision"):
    """An event of the decision log that concerns the customer; the summary holds its plain fields."""

    customer_id: UUID
    occurred_at: datetime
    position: int
    stream_id: UUID
    topic: str
    summary: dict[str, Any]


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag="fact"):
    """Something the customer did; `amount` in minor units, `sealed` her personal part of it."""

    customer_id: UUID
    occurred_at: datetime
    fact_id: int
    recorded_at: datetime
    name: str
    source: str
    amount: int | None
    currency: str | None
    body: dict[str, Any]
    sealed: bytes | None


class Place(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A place in the timeline: reading goes on behind it."""

    occurred_at: datetime
    kind: Literal[0, 1]
    id: int


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a timeline; `next` is where it goes on, None at its end."""

    items: list[Decision | Fact]
    next: Place | None


_NEWEST = Place(datetime(9999, 12, 31, tzinfo=UTC), _FACT, 2**63 - 1)
_OLDEST = Place(datetime(1, 1, 1, tzinfo=UTC), _DECISION, 0)


async def timeline(
    reading: Reading,
    members: Collection[UUID],
    *,
    beyond: Place | None = None,
    limit: int = 50,
    newest_first: bool = True,
) -> Timeline:
    """Return what happened to the customers of a profile, from the place `beyond` on."""
    place = beyond or (_NEWEST if newest_first else _OLDEST)
    direction = {"op": "<", "order": "DESC"} if newest_first else {"op": ">", "order": "ASC"}
    parameters = (list(members), place.occurred_at, place.kind, place.id, limit)
    decisions = await reading.fetch(DECISIONS.format(**direction), *parameters)
    facts = await reading.fetch(FACTS.format(**direction), *parameters)
    ordered = sorted(_placed(decisions, facts), key=lambda item: item[0], reverse=newest_first)[:limit]
    is_end = len(decisions) < limit and len(facts) < limit and len(ordered) == len(decisions) + len(facts)
    items = {place: (kind, row) for place, kind, row in ordered}  # what two members share is listed once
    return Timeline(
        items=[_decision(row) if kind == _DECISION else _fact(row) for kind, row in items.values()],
        next=None if is_end else ordered[-1][0],
    )


def _placed(
    decisions: Iterable[asyncpg.Record], facts: Iterable[asyncpg.Record]
) -> Iterable[tuple[Place, int, asyncpg.Record]]:
    for row in decisions:
        yield Place(row["occurred_at"], _DECISION, row["position"]), _DECISION, row
    for row in facts:
        yield Place(row["occurred_at"], _FACT, row["fact_id"]), _FACT, row


def _decision(row: asyncpg.Record) -> Decision:
    return Decision(
        customer_id=row["customer_id"],
        occurred_at=row["occurred_at"],
        position=row["position"],
        stream_id=row["stream_id"],
        topic=row["topic"],
        summary=msgspec.json.decode(row["summary"]),
    )


def _fact(row: asyncpg.Record) -> Fact:
    return Fact(
        customer_id=row["customer_id"],
        occurred_at=row["occurred_at"],
        fact_id=row["fact_id"],
        recorded_at=row["recorded_at"],
        name=row["name"],
        source=row["source"],
        amount=row["amount"],
        currency=row["currency"],
        body=msgspec.json.decode(row["body"]),
        sealed=row["sealed"],
    )


async def latest_of(reading: Reading, members: Collection[UUID], topics: Collection[str]) -> UUID | None:
    """Return the stream of the latest event with one of these topics that concerns one of the customers."""
    found: UUID | None = await reading.fetchval(LATEST, list(members), list(topics))
    return found

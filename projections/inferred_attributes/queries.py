"""Read inferred_attributes: of a profile's members the surest inference of each attribute that nobody has said."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from projections.engine.projection import Reading

_HOLDING = """
    SELECT customer_id, name, attribute, value, sealed, rule, confidence, evidence, occurred_at, expires_at
    FROM inferred_attributes.inferred
    WHERE customer_id = ANY($1) AND (expires_at IS NULL OR expires_at > $2)
    ORDER BY attribute, confidence DESC, name DESC, customer_id
"""


class Inferred(msgspec.Struct, frozen=True, kw_only=True):
    """An inference that holds: a clear `value`, or `sealed` under the key of the customer it is about."""

    attribute: str
    value: Any
    sealed: bytes | None
    customer_id: UUID
    rule: str
    confidence: int
    evidence: tuple[str, ...]
    occurred_at: datetime
    expires_at: datetime | None


async def inferred_of(
    reading: Reading, members: Collection[UUID], said: Collection[str], now: datetime
) -> list[Inferred]:
    """Return what is inferred of a profile as of `now` (UTC): one inference an attribute, none for what was `said`."""
    rows = await reading.fetch(_HOLDING, list(members), now)
    return list(_surest(rows, said))


def _surest(rows: Iterable[asyncpg.Record], said: Collection[str]) -> Iterable[Inferred]:
    seen = set(said)
    for row in rows:
        if row["attribute"] not in seen:
            seen.add(row["attribute"])
            yield Inferred(
                attribute=row["attribute"],
                value=None if row["value"] is None else msgspec.json.decode(row["value"]),
                sealed=row["sealed"],
                customer_id=row["customer_id"],
                rule=row["rule"],
                confidence=row["confidence"],
                evidence=tuple(row["evidence"]),
                occurred_at=row["occurred_at"],
                expires_at=row["expires_at"],
            )

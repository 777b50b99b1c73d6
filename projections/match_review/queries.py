"""Read match_review: the queue, the surest first, one match, and what was decided."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.match import Reason
from projections.engine.projection import Reading

_COLUMNS = """
    match_id, left_id, right_id, state, probability, weight, model, reasons, proposed_at, decided_at, decided_by, words,
    version
"""
_ONE = f"SELECT {_COLUMNS} FROM match_review.match WHERE match_id = $1"
_LIST = f"""
    SELECT {_COLUMNS} FROM match_review.match
    WHERE state = $1 AND ($2::float8 IS NULL OR (weight, match_id) < ($2, $3))
    ORDER BY weight DESC, match_id DESC LIMIT $4
"""
_PAIRS = "SELECT match_id, left_id, right_id FROM match_review.match WHERE state = ANY($1)"
_reasons = msgspec.json.Decoder(tuple[Reason, ...]).decode


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ends."""

    weight: float
    match_id: UUID


class ReviewedMatch(msgspec.Struct, frozen=True, kw_only=True):
    """A pair of customers; `state` is proposed, accepted, rejected or withdrawn.

    `probability` from 0 to 1, `weight` the same in bits: each reason adds to it or takes from it.
    """

    id: UUID
    left_id: UUID
    right_id: UUID
    state: str
    probability: float
    weight: float
    model: str
    reasons: tuple[Reason, ...]
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    words: str
    version: int


class DecidedPair(msgspec.Struct, frozen=True):
    """A pair by its customers."""

    match_id: UUID
    left_id: UUID
    right_id: UUID


async def match_of(reading: Reading, match_id: UUID) -> ReviewedMatch | None:
    """Return a match."""
    rows = await reading.fetch(_ONE, match_id)
    return _match(rows[0]) if rows else None


async def matches(reading: Reading, state: str, *, beyond: Place | None = None, limit: int = 50) -> list[ReviewedMatch]:
    """Return the matches in a state, the surest first."""
    place = (beyond.weight, beyond.match_id) if beyond else (None, None)
    return [_match(row) for row in await reading.fetch(_LIST, state, *place, limit)]


async def pairs(reading: Reading, states: Collection[str]) -> list[DecidedPair]:
    """Return all pairs in any of the states."""
    return [DecidedPair(*row) for row in await reading.fetch(_PAIRS, list(states))]


def _match(row: asyncpg.Record) -> ReviewedMatch:
    values = dict(row)
    return ReviewedMatch(id=values.pop("match_id"), reasons=_reasons(values.pop("reasons")), **values)

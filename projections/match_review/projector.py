"""match_review: matches are few, so one event at a time."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.match import Match, Reason
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection
from projections.match_review.table import tables

_PROPOSE = """
    INSERT INTO match (match_id, left_id, right_id, state, probability, weight, model, reasons, proposed_at, words, version)
    VALUES ($1, $2, $3, 'proposed', $4, $5, $6, $7, $8, '', $9)
    ON CONFLICT (match_id) DO UPDATE
    SET left_id = excluded.left_id, right_id = excluded.right_id, state = 'proposed', probability = excluded.probability,
        weight = excluded.weight, model = excluded.model, reasons = excluded.reasons, words = '',
        proposed_at = excluded.proposed_at, decided_at = NULL, decided_by = NULL, version = excluded.version
"""  # noqa: E501 - columns side by side
_DECIDE = """
    UPDATE match SET state = $2, decided_at = $3, decided_by = $4, words = $5, version = $6 WHERE match_id = $1
"""
_STATES = {Match.Accepted.TOPIC: "accepted", Match.Rejected.TOPIC: "rejected", Match.Withdrawn.TOPIC: "withdrawn"}


class _Meta(msgspec.Struct):
    occurred_at: datetime
    actor: str = ""


class _Proposed(msgspec.Struct):
    meta: _Meta
    left_id: UUID
    right_id: UUID
    probability: float
    weight: float
    model: str
    reasons: tuple[Reason, ...]


class _Decided(msgspec.Struct):
    meta: _Meta
    reason: str = ""
    note: str = ""
    automatic: bool = False


_proposed = msgspec.json.Decoder(_Proposed).decode
_decided = msgspec.json.Decoder(_Decided).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    for entry in page.of(Match.Proposed.TOPIC, *_STATES):
        if entry.topic == Match.Proposed.TOPIC:
            await _propose(connection, entry)
        else:
            decided = _decided(entry.state)
            by = "auto_accept" if decided.automatic else decided.meta.actor
            words = decided.reason or decided.note
            state = _STATES[entry.topic]
            await connection.execute(
                _DECIDE, entry.stream_id, state, decided.meta.occurred_at, by, words, entry.version
            )


async def _propose(connection: asyncpg.Connection, entry: Entry) -> None:
    seen = _proposed(entry.state)
    await connection.execute(
        _PROPOSE,
        entry.stream_id,
        seen.left_id,
        seen.right_id,
        seen.probability,
        seen.weight,
        seen.model,
        msgspec.json.encode(seen.reasons).decode(),
        seen.meta.occurred_at,
        entry.version,
    )


PROJECTION = Projection(
    name="match_review",
    version=1,
    tables=tables,
    topics=frozenset({Match.Proposed.TOPIC, *_STATES}),
    apply=apply,
)

"""Why a profile is one person: the chain of evidence; and why not: the identifiers that a guard keeps from joining."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.explaining import MERGED, why_held, why_joined
from domain.identity.resolving import Hold
from domain.identity.rule_book import UNTIL_ADOPTED
from domain.identity.rules import Guards, Name
from projections.engine.projection import Reading
from projections.identity_graph.queries import Known

_MOST = 200
_RULES = "SELECT version, guards FROM identity_graph.rules"
_CLAIMS = """
    SELECT i.customer_id, i.identifier_id, i.type, i.sealed, i.claimed_at, k.hold, o.hold AS own_hold
    FROM identity_graph.customer AS o JOIN identity_graph.claim AS i ON i.customer_id = o.customer_id
    JOIN identity_graph.customer AS k ON k.customer_id = i.identifier_id
    WHERE o.profile_id = $1 AND NOT i.withdrawn AND NOT i.void
      AND (i.identifier_id <> i.customer_id OR o.hold IS NOT NULL)
    ORDER BY i.claimed_at, i.position LIMIT $2
"""
_MERGES = """
    SELECT m.customer_id, m.other_id, m.since FROM identity_graph.merge AS m
    JOIN identity_graph.customer AS c USING (customer_id) WHERE c.profile_id = $1 ORDER BY m.position LIMIT $2
"""
_OTHERS = """
    SELECT i.identifier_id, array_agg(DISTINCT c.profile_id) AS profiles
    FROM unnest($1::uuid[]) AS h (id) CROSS JOIN LATERAL (
        SELECT o.identifier_id, o.customer_id FROM identity_graph.claim AS o
        WHERE o.identifier_id = h.id AND NOT o.withdrawn AND NOT o.void AND o.identifier_id <> o.customer_id LIMIT 20
    ) AS i JOIN identity_graph.customer AS c USING (customer_id) GROUP BY i.identifier_id
"""
_guards = msgspec.json.Decoder(Guards).decode


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What joins two customers: an identifier (`known`) or a decision; since when, by which rule."""

    customer_id: UUID
    other_id: UUID
    known: Known | None
    since: datetime
    rule: Name


class Guarded(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier the profile was seen with that joins nobody, and the other profiles it might have joined (some)."""

    customer_id: UUID
    known: Known
    since: datetime
    hold: Hold
    rule: Name
    others: tuple[UUID, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a profile is what it is, under the rules of this version (0: those that come with Koi)."""

    profile_id: UUID
    rules_version: int
    joined_by: tuple[Evidence, ...]
    kept_apart_by: tuple[Guarded, ...]


async def explain(reading: Reading, profile_id: UUID) -> Explanation:
    """Return the evidence, the oldest first, at most 200 pieces of each kind."""
    version, guards = await rules_of(reading)
    claims = await reading.fetch(_CLAIMS, profile_id, _MOST)
    held = [row["identifier_id"] for row in claims if row["hold"]]
    others = {row["identifier_id"]: row["profiles"] for row in await reading.fetch(_OTHERS, held)}
    joined = [_evidence(row, guards) for row in claims if not row["hold"] and not row["own_hold"]]
    joined += [
        Evidence(customer_id=row["customer_id"], other_id=row["other_id"], known=None, since=row["since"], rule=MERGED)
        for row in await reading.fetch(_MERGES, profile_id, _MOST)
    ]
    apart = [_guarded(row, others.get(row["identifier_id"], ()), profile_id, guards) for row in claims if row["hold"]]
    return Explanation(
        profile_id=profile_id,
        rules_version=version,
        joined_by=tuple(sorted(joined, key=lambda one: one.since)),
        kept_apart_by=tuple(apart),
    )


async def rules_of(reading: Reading) -> tuple[int, Guards]:
    """Return the rules that the graph stands under, and their version: 0 until the first are adopted."""
    rows = await reading.fetch(_RULES)
    return (rows[0]["version"], _guards(rows[0]["guards"])) if rows else (0, UNTIL_ADOPTED)


def _evidence(row: asyncpg.Record, guards: Guards) -> Evidence:
    known = _known(row)
    return Evidence(
        customer_id=known.customer_id,
        other_id=known.identifier_id,
        known=known,
        since=row["claimed_at"],
        rule=why_joined(known.type, guards),
    )


def _guarded(row: asyncpg.Record, others: Iterable[UUID], profile_id: UUID, guards: Guards) -> Guarded:
    known, hold = _known(row), Hold(row["hold"])
    return Guarded(
        customer_id=known.customer_id,
        known=known,
        since=row["claimed_at"],
        hold=hold,
        rule=why_held(known.type, hold, guards),
        others=tuple(sorted(one for one in others if one != profile_id)),
    )


def _known(row: asyncpg.Record) -> Known:
    return Known(row["identifier_id"], row["type"], row["customer_id"], row["sealed"])

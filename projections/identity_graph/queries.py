"""Ask the identity graph: whose profile, who belongs to it, under which identifiers."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from domain.identity.graph import Edge
from domain.identity.resolving import Hold
from projections.engine.projection import Reading

FIRST = UUID(int=0)
_PROFILES = "SELECT customer_id, profile_id FROM identity_graph.customer WHERE customer_id = ANY($1)"
MEMBERS = """
    SELECT customer_id FROM identity_graph.customer
    WHERE profile_id = $1 AND registered_at IS NOT NULL ORDER BY customer_id
"""
_MEMBERS_OF = """
    SELECT c.customer_id, c.profile_id,
           ARRAY(SELECT m.customer_id FROM identity_graph.customer AS m
                 WHERE m.profile_id = c.profile_id AND m.registered_at IS NOT NULL ORDER BY m.customer_id) AS members
    FROM identity_graph.customer AS c WHERE c.customer_id = ANY($1)
"""
_NAMED = """
    SELECT c.profile_id FROM identity_graph.customer AS c WHERE c.customer_id = $1 AND EXISTS (
        SELECT FROM identity_graph.customer AS m WHERE m.profile_id = c.profile_id AND m.registered_at IS NOT NULL)
"""
_IDENTIFIERS = """
    SELECT i.identifier_id, i.type, i.customer_id, i.sealed
    FROM identity_graph.claim AS i JOIN identity_graph.customer AS c USING (customer_id)
    WHERE c.profile_id = $1 AND NOT i.withdrawn AND NOT i.void
    ORDER BY i.identifier_id, i.position
"""
_CLAIMED = """
    SELECT identifier_id, type, customer_id, sealed FROM identity_graph.claim
    WHERE customer_id = ANY($1) AND type = ANY($2) AND NOT withdrawn AND NOT void ORDER BY identifier_id, position
"""
_EDGES = """
    SELECT i.customer_id, i.identifier_id AS other_id, 'claim' AS kind
    FROM identity_graph.claim AS i JOIN identity_graph.customer AS c USING (customer_id)
    WHERE c.profile_id = $1 AND NOT i.withdrawn AND i.identifier_id <> i.customer_id AND NOT i.void
    UNION ALL
    SELECT m.customer_id, m.other_id, 'merge'
    FROM identity_graph.merge AS m JOIN identity_graph.customer AS c USING (customer_id) WHERE c.profile_id = $1
"""
_HOLDS = """
    SELECT k.customer_id, k.hold FROM identity_graph.customer AS k
    WHERE k.hold IS NOT NULL AND k.customer_id IN (
        SELECT identifier_id FROM identity_graph.claim WHERE customer_id = ANY($1) AND NOT withdrawn AND NOT void
        UNION ALL SELECT unnest($1::uuid[]))
"""
_LIST = """
    SELECT profile_id, array_agg(customer_id ORDER BY customer_id) AS members, min(registered_at) AS registered_at
    FROM identity_graph.customer WHERE profile_id > $1 AND registered_at IS NOT NULL
    GROUP BY profile_id ORDER BY profile_id LIMIT $2
"""


class Known(msgspec.Struct, frozen=True):
    """An identifier of a profile; its value is sealed under the key of the customer who was seen with it.

    `sealed` is None for kinds whose values are not kept.
    """

    identifier_id: UUID
    type: str
    customer_id: UUID
    sealed: bytes | None


class Profile(msgspec.Struct, frozen=True):
    """A profile, the customers it is made of, and since when the first of them is known."""

    profile_id: UUID
    members: tuple[UUID, ...]
    registered_at: datetime


async def profile_of(reading: Reading, customer_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the profile of each customer the graph knows."""
    rows = await reading.fetch(_PROFILES, list(customer_ids))
    return {row["customer_id"]: row["profile_id"] for row in rows}


async def members(reading: Reading, profile_id: UUID) -> list[UUID]:
    """Return the customers of a profile that have a history of their own."""
    return [row["customer_id"] for row in await reading.fetch(MEMBERS, profile_id)]


async def members_of(reading: Reading, customer_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, tuple[UUID, ...]]]:
    """Return the profile and all its members for each customer the graph knows."""
    rows = await reading.fetch(_MEMBERS_OF, list(customer_ids))
    return {row["customer_id"]: (row["profile_id"], tuple(row["members"])) for row in rows}


async def find_by_identifier(reading: Reading, identifier_id: UUID) -> UUID | None:
    """Return the profile that the identifier belongs to, None if nobody was seen with it."""
    found: UUID | None = await reading.fetchval(_NAMED, identifier_id)
    return found


async def identifiers_of(reading: Reading, profile_id: UUID) -> list[Known]:
    """Return the identifiers of the profile; one that several members were seen with comes once for each."""
    return [Known(*row) for row in await reading.fetch(_IDENTIFIERS, profile_id)]


async def claimed_by(reading: Reading, customer_ids: Collection[UUID], types: Collection[str]) -> list[Known]:
    """Return the identifiers of these types that the customers were seen with."""
    return [Known(*row) for row in await reading.fetch(_CLAIMED, list(customer_ids), list(types))]


async def edges_of(reading: Reading, profile_id: UUID) -> list[Edge]:
    """Return what joins the members of the profile."""
    rows = await reading.fetch(_EDGES, profile_id)
    return [Edge(row["customer_id"], row["other_id"], row["kind"]) for row in rows]


async def holds_around(reading: Reading, customer_ids: Collection[UUID]) -> dict[UUID, Hold]:
    """Return the identifiers these customers were seen with that join nobody, and why."""
    rows = await reading.fetch(_HOLDS, list(customer_ids))
    return {row["customer_id"]: Hold(row["hold"]) for row in rows}


async def profiles(reading: Reading, *, after: UUID = FIRST, limit: int = 50) -> list[Profile]:
    """Return the profiles in the order of their ids, from the one after `after` on."""
    rows = await reading.fetch(_LIST, after, limit)
    return [Profile(row["profile_id"], tuple(row["members"]), row["registered_at"]) for row in rows]

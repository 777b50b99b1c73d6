"""Whom a change may concern: the customers it can reach, with all that resolving needs to know of them.

Persons (customers of certain and strong kinds, and whatever was merged) are resolved without the weak kinds, which
cannot join them; a weak kind is resolved among its like, given the persons next to it. What is blocked or crowded is
reached, but nothing is reached through it: so a store's phone does not bring its ten thousand callers.
"""

from collections.abc import Collection
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.resolving import Hold

_LIVE = "NOT c.withdrawn AND NOT c.void AND c.identifier_id <> c.customer_id"
# Looked up one by one: a plan that reads the whole table for a handful of customers must not come to mind (OFFSET 0).
_AT = """CROSS JOIN LATERAL (
    SELECT k.customer_id, k.rank, k.profile_id, k.hold FROM customer AS k WHERE k.customer_id = n.id OFFSET 0) AS k
"""
_STANDING = f"SELECT k.customer_id, k.rank, k.profile_id, k.hold FROM unnest($1::uuid[]) AS n (id) {_AT}"
_CLAIMS = f"""
    SELECT c.customer_id, c.identifier_id FROM claim AS c WHERE c.customer_id = ANY($1) AND {_LIVE} AND c.weak = $2
    UNION
    SELECT c.customer_id, c.identifier_id FROM claim AS c WHERE c.identifier_id = ANY($1) AND {_LIVE} AND c.weak = $2
"""
_MERGES = """
    SELECT customer_id, other_id FROM merge WHERE customer_id = ANY($1)
    UNION SELECT customer_id, other_id FROM merge WHERE other_id = ANY($1)
"""
_THINGS_OF = f"""
    SELECT n.id FROM (
        SELECT c.identifier_id AS id FROM claim AS c WHERE c.customer_id = ANY($1) AND c.weak AND {_LIVE}
        UNION SELECT c.customer_id FROM claim AS c WHERE c.identifier_id = ANY($1) AND c.weak AND {_LIVE}
        UNION SELECT m.other_id FROM merge AS m WHERE m.customer_id = ANY($1)
        UNION SELECT m.customer_id FROM merge AS m WHERE m.other_id = ANY($1)
    ) AS n {_AT} WHERE k.rank >= $2
"""
# How many others an identifier that was crowded is seen with now, counted no further than it matters.
_LINKS = f"""
    SELECT count(*) FROM (
        (SELECT FROM claim AS c WHERE c.customer_id = $1 AND {_LIVE} AND (NOT c.weak OR $2) LIMIT $3)
        UNION ALL
        (SELECT FROM claim AS c WHERE c.identifier_id = $1 AND {_LIVE} AND (NOT c.weak OR $2) LIMIT $3)
    ) AS seen
"""


class Standing(msgspec.Struct, frozen=True):
    """A customer as it stands in the view."""

    rank: int
    profile_id: UUID
    hold: Hold | None


class Neighbourhood(msgspec.Struct, frozen=True):
    """Customers, and the claims and merges that touch them; some of these lead to `persons` next to them."""

    inside: dict[UUID, Standing]
    claims: list[tuple[UUID, UUID]]
    merges: list[tuple[UUID, UUID]]
    persons: dict[UUID, Standing]


async def standing(connection: asyncpg.Connection, customer_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Return the customers that the view knows."""
    return _standings(await connection.fetch(_STANDING, list(customer_ids)))


async def persons_around(connection: asyncpg.Connection, start: Collection[UUID]) -> Neighbourhood:
    """Return all that certain and strong kinds and merges reach from these customers."""
    return await _explored(connection, start, weak=False, from_rank=0)


async def things_around(connection: asyncpg.Connection, start: Collection[UUID], weak_rank: int) -> Neighbourhood:
    """Return all that weak kinds reach from these, and the persons next to them."""
    return await _explored(connection, start, weak=True, from_rank=weak_rank)


async def things_of(connection: asyncpg.Connection, persons: Collection[UUID], weak_rank: int) -> set[UUID]:
    """Return what is of a weak kind and next to these customers."""
    return {row["id"] for row in await connection.fetch(_THINGS_OF, list(persons), weak_rank)}


async def links_of(connection: asyncpg.Connection, customer_id: UUID, *, is_weak: bool, most: int) -> int:
    """Return with how many others this one is seen, at least up to `most` and one more."""
    found: int = await connection.fetchval(_LINKS, customer_id, is_weak, most + 1)
    return found


async def _explored(
    connection: asyncpg.Connection, start: Collection[UUID], *, weak: bool, from_rank: int
) -> Neighbourhood:
    """Go from customer to customer while their rank is `from_rank` or beyond; two rounds mostly reach everybody."""
    claims: set[tuple[UUID, UUID]] = set()
    merges: set[tuple[UUID, UUID]] = set()
    found = Neighbourhood({}, [], [], {})
    reached = await standing(connection, start)
    while reached:
        found.inside.update((one, at) for one, at in reached.items() if at.rank >= from_rank)
        found.persons.update((one, at) for one, at in reached.items() if at.rank < from_rank)
        here = [one for one, at in reached.items() if at.rank >= from_rank]
        looked_at = [one for one in here if reached[one].hold in {None, Hold.SHARED}]
        claims.update((row[0], row[1]) for row in await connection.fetch(_CLAIMS, looked_at, weak))
        merges.update((row[0], row[1]) for row in await connection.fetch(_MERGES, here))
        ends = {end for pair in (*claims, *merges) for end in pair} - found.inside.keys() - found.persons.keys()
        reached = await standing(connection, ends) if ends else {}
    found.claims.extend(claims)
    found.merges.extend(merges)
    return found


def _standings(rows: list[asyncpg.Record]) -> dict[UUID, Standing]:
    return {row[0]: Standing(row[1], row[2], Hold(row[3]) if row[3] else None) for row in rows}

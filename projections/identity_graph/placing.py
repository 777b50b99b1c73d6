"""Put customers where they belong: first the persons a change can reach, then the weak kinds next to them."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import asyncpg

from domain.identity.identifier import IdentifierType
from domain.identity.resolving import Hold, Placed, placed
from domain.identity.rules import Guards
from domain.kernel.ids import derived
from projections.identity_graph.edges import execute
from projections.identity_graph.neighbourhood import (
    Neighbourhood,
    Standing,
    links_of,
    persons_around,
    standing,
    things_around,
    things_of,
)

_PLACE = """
    UPDATE customer AS c SET profile_id = p.profile_id, hold = p.hold
    FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS p (customer_id, profile_id, hold)
    WHERE c.customer_id = p.customer_id
"""
_LIMIT_OF = {kind.rank: kind for kind in IdentifierType}


async def place(
    connection: asyncpg.Connection,
    persons: Collection[UUID],
    things: Iterable[UUID],
    guards: Guards,
    *,
    loose: Collection[UUID] = (),
) -> None:
    """Resolve anew around these persons (of certain or strong kinds, or merged) and these things (of weak kinds).

    `loose` are those whose hold was taken back before.
    """
    weak = guards.first_weak_rank
    moved = [*(await _place_persons(connection, persons, guards) if persons else ()), *loose]
    around = set(things)
    if moved:
        around |= await things_of(connection, moved, weak)
    if around:
        found = await things_around(connection, around, weak)
        await _write(connection, found.inside, _things_placed(found, guards))


async def loosen(connection: asyncpg.Connection, parted: Collection[UUID], guards: Guards) -> set[UUID]:
    """Take back the hold of what was crowded until this page withdrew claims on it; returns those it was taken from."""
    loose: set[UUID] = set()
    for one, at in (await standing(connection, parted)).items():
        if at.hold is Hold.CROWDED:
            most = guards.limits[_LIMIT_OF[at.rank]].links
            if await links_of(connection, one, is_weak=at.rank >= guards.first_weak_rank, most=most) <= most:
                loose.add(one)
    await connection.execute("UPDATE customer SET hold = NULL WHERE customer_id = ANY($1)", list(loose))
    return loose


async def _place_persons(connection: asyncpg.Connection, start: Collection[UUID], guards: Guards) -> list[UUID]:
    """Return the customers whose profile or hold is another now."""
    found = await persons_around(connection, start)
    ranks = {one: at.rank for one, at in found.inside.items()}
    holds = _holds(found.inside)
    known = placed(ranks, found.claims, found.merges, guards, holds)
    # Where a weak kind belongs is decided with its like, below.
    persons = {one: at for one, at in found.inside.items() if at.rank < guards.first_weak_rank}
    return await _write(connection, persons, known)


def _things_placed(found: Neighbourhood, guards: Guards) -> dict[UUID, Placed]:
    """Resolve weak kinds; a person next to them is spoken for by its profile, one that is held by a stand-in."""
    ranks = {one: at.rank for one, at in found.inside.items()}
    holds = _holds(found.inside)
    profile: dict[UUID, UUID] = {}
    seen_as: dict[UUID, UUID] = {}
    for one, at in found.persons.items():
        profile[one] = seen_as[one] = at.profile_id
        ranks[at.profile_id] = min(at.rank, ranks.get(at.profile_id, at.rank))
        if at.hold:
            seen_as[one] = stand_in = derived("held", one)
            ranks[stand_in], holds[stand_in] = at.rank, at.hold
    claims = [(seen_as.get(a, a), seen_as.get(b, b)) for a, b in found.claims]
    merges = [(profile.get(a, a), profile.get(b, b)) for a, b in found.merges]
    known = placed(ranks, claims, merges, guards, holds)
    return {one: known[one] for one in found.inside}


def _holds(inside: Mapping[UUID, Standing]) -> dict[UUID, Hold]:
    """Return what is held whatever its neighbours are; what is shared is found anew."""
    return {one: at.hold for one, at in inside.items() if at.hold and at.hold is not Hold.SHARED}


async def _write(
    connection: asyncpg.Connection, before: Mapping[UUID, Standing], after: Mapping[UUID, Placed]
) -> list[UUID]:
    moved = sorted(
        (one, after[one].profile_id, after[one].hold)
        for one, at in before.items()
        if after[one].profile_id != at.profile_id or after[one].hold != at.hold
    )
    await execute(connection, _PLACE, moved)
    return [one for one, _, _ in moved]

"""identity_graph: a page is resolved where it changes something and nowhere else; other rules resolve everybody."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.identity.resolving import Hold, Placed, Sets, placed
from domain.identity.rules import Guards
from projections.engine.page import Page
from projections.engine.projection import Projection
from projections.identity_graph.changes import TOPICS, Changes
from projections.identity_graph.edges import adopt, execute, forget, rules_in_force, unbound, write
from projections.identity_graph.neighbourhood import Standing, standing
from projections.identity_graph.placing import loosen, place
from projections.identity_graph.table import tables
from projections.identity_graph.whole import place_everybody

_INSERT = """
    INSERT INTO customer (customer_id, rank, profile_id, hold, registered_at)
    SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::text[], $5::timestamptz[])
"""
_REGISTER = """
    UPDATE customer AS c SET rank = least(c.rank, n.rank), registered_at = coalesce(c.registered_at, n.registered_at)
    FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[]) AS n (customer_id, rank, registered_at)
    WHERE c.customer_id = n.customer_id
"""


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    changes = Changes()
    for entry in page.of(*TOPICS):
        changes.fold(entry)
    if changes.adopted:
        await adopt(connection, changes.adopted)
    guards = changes.adopted.guards if changes.adopted else await rules_in_force(connection)
    known = await standing(connection, changes.ranks.keys() | changes.parted)
    ranks = changes.ranks | {one: min(at.rank, changes.ranks.get(one, at.rank)) for one, at in known.items()}
    cut = await unbound(connection, changes)
    freed = await forget(connection, changes.erased)
    voided = [*freed, *await write(connection, changes, ranks, cut, guards.first_weak_rank)]
    fresh = {} if changes.adopted else _among_themselves(changes, known, cut, guards)
    await _keep(connection, changes, known, fresh, guards)
    if changes.adopted:
        await place_everybody(connection, guards)
        return
    # Claims that a cut made void or an erasure took away: both ends have to be looked at again, as if this page had
    # spoken of them.
    ends = {end for pair in voided for end in pair}
    further = await standing(connection, ends - ranks.keys()) if ends else {}
    around = ranks | {one: at.rank for one, at in further.items()}
    pairs = [*changes.claims, *changes.merges, *voided]
    touched = [pair for pair in pairs if all(one in around and one not in fresh for one in pair)]
    await _place(connection, changes, touched, around, guards, parted=changes.parted | ends)


def _among_themselves(
    changes: Changes, known: Mapping[UUID, Standing], cut: Mapping[UUID, datetime], guards: Guards
) -> dict[UUID, Placed]:
    """Place new customers whom the page joins with other new ones only: nothing need be read for them."""
    number = {one: place for place, one in enumerate(changes.ranks)}
    groups = Sets(len(number))
    pairs = [pair for pair in (*changes.claims, *changes.merges) if pair[0] in number and pair[1] in number]
    for a, b in pairs:
        groups.unite(number[a], number[b])
    met = {groups.root(number[one]) for one in known if one in number}
    new = {one: rank for one, rank in changes.ranks.items() if groups.root(number[one]) not in met}
    claims = [pair for pair in changes.live_claims(cut) if pair[0] in new]
    merges = [pair for pair, made in changes.merges.items() if made and pair[0] in new]
    return placed(new, claims, merges, guards)


async def _keep(
    connection: asyncpg.Connection,
    changes: Changes,
    known: Mapping[UUID, Standing],
    fresh: Mapping[UUID, Placed],
    guards: Guards,
) -> None:
    """Insert the new customers, and note what became known of others."""
    blocked = set(guards.blocked)
    rows, better = [], []
    for one, rank in changes.ranks.items():
        if one not in known:
            at = fresh.get(one) or Placed(one, Hold.BLOCKED if one in blocked else None)
            rows.append((one, rank, at.profile_id, at.hold, changes.registered.get(one)))
        elif rank < known[one].rank or one in changes.registered:
            better.append((one, rank, changes.registered.get(one)))
    await execute(connection, _INSERT, rows)
    await execute(connection, _REGISTER, better)


async def _place(
    connection: asyncpg.Connection,
    changes: Changes,
    touched: Iterable[tuple[UUID, UUID]],
    ranks: Mapping[UUID, int],
    guards: Guards,
    *,
    parted: Collection[UUID],
) -> None:
    """Resolve around the pairs that something was said about; `ranks` are those of all their ends."""
    weak = guards.first_weak_rank
    persons: set[UUID] = set()
    things: set[UUID] = set()
    for pair in touched:
        weaker = [one for one in pair if ranks[one] >= weak]
        things.update(weaker)
        if not weaker or pair in changes.merges:
            persons.update(pair)
    # One known by a merge alone may have registered: now that its rank is known, another may be the strongest.
    persons |= {one for one in changes.registered if one in ranks and ranks[one] < weak}
    loose = await loosen(connection, parted, guards) if parted else set()
    await place(connection, persons, things, guards, loose={one for one in loose if ranks.get(one, 0) < weak})


PROJECTION = Projection(
    name="identity_graph",
    version=5,
    tables=tables,
    topics=frozenset(TOPICS),
    apply=apply,
)

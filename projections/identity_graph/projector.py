"""identity_graph: joins of a page are one union over whole profiles; a parting resolves its profile anew."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import asyncpg

from domain.identity.graph import join, resolve
from projections.engine.page import Page
from projections.engine.projection import Projection
from projections.identity_graph.changes import TOPICS, UNKNOWN_RANK, Changes
from projections.identity_graph.table import VOID, tables

_CLAIM = """
    INSERT INTO claim AS c (customer_id, identifier_id, type, sealed, position, withdrawn, claimed_at)
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::bigint[], $6::boolean[], $7::timestamptz[])
    ON CONFLICT (customer_id, identifier_id) DO UPDATE
    SET sealed = coalesce(excluded.sealed, c.sealed), position = excluded.position, withdrawn = excluded.withdrawn,
        claimed_at = excluded.claimed_at
"""
_WITHDRAW = """
    UPDATE claim AS c SET withdrawn = true, position = w.position
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS w (customer_id, identifier_id, position)
    WHERE c.customer_id = w.customer_id AND c.identifier_id = w.identifier_id
"""
_UNBIND = """
    INSERT INTO unbinding AS u (customer_id, occurred_at) SELECT * FROM unnest($1::uuid[], $2::timestamptz[])
    ON CONFLICT (customer_id) DO UPDATE SET occurred_at = excluded.occurred_at
"""
_UNBOUND = "SELECT customer_id, occurred_at FROM unbinding WHERE customer_id = ANY($1)"
_MERGE = """
    INSERT INTO merge (customer_id, other_id, position) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[])
    ON CONFLICT (customer_id, other_id) DO UPDATE SET position = excluded.position
"""
_UNMERGE = """
    DELETE FROM merge AS m USING unnest($1::uuid[], $2::uuid[]) AS u (customer_id, other_id)
    WHERE m.customer_id = u.customer_id AND m.other_id = u.other_id
"""
# The rank of a profile is that of the member whose id it bears.
_KNOWN = """
    SELECT c.customer_id, c.rank, c.profile_id, p.rank AS profile_rank
    FROM customer AS c JOIN customer AS p ON p.customer_id = c.profile_id WHERE c.customer_id = ANY($1)
"""
_KEEP = """
    INSERT INTO customer AS c (customer_id, rank, profile_id, registered_at)
    SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::timestamptz[])
    ON CONFLICT (customer_id) DO UPDATE
    SET rank = least(c.rank, excluded.rank), registered_at = coalesce(c.registered_at, excluded.registered_at)
"""
_JOIN = """
    UPDATE customer AS c SET profile_id = j.new FROM unnest($1::uuid[], $2::uuid[]) AS j (old, new)
    WHERE c.profile_id = j.old
"""
_MEMBERS = """
    SELECT customer_id, rank, profile_id FROM customer
    WHERE profile_id IN (SELECT profile_id FROM customer WHERE customer_id = ANY($1))
"""
_EDGES = f"""
    SELECT customer_id AS a, identifier_id AS b FROM claim AS i
    WHERE customer_id = ANY($1) AND NOT withdrawn AND NOT {VOID.format(schema="")}
    UNION ALL SELECT customer_id, other_id FROM merge WHERE customer_id = ANY($1)
"""
_ASSIGN = """
    UPDATE customer AS c SET profile_id = a.profile_id
    FROM unnest($1::uuid[], $2::uuid[]) AS a (customer_id, profile_id) WHERE c.customer_id = a.customer_id
"""


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    changes = Changes()
    for entry in page.of(*TOPICS):
        changes.fold(entry)
    await _write_edges(connection, changes)
    await _join(connection, changes)
    if changes.parted:
        await _part(connection, changes.parted)


async def _write_edges(connection: asyncpg.Connection, changes: Changes) -> None:
    claims, merges = changes.claims.items(), changes.merges.items()
    stated = [
        (*pair, c.type, c.sealed, c.position, c.withdrawn, c.claimed_at) for pair, c in claims if c.type is not None
    ]
    withdrawn = [(*pair, claim.position) for pair, claim in claims if claim.type is None]
    await _execute(connection, _CLAIM, stated)
    await _execute(connection, _WITHDRAW, withdrawn)
    await _execute(connection, _MERGE, [(*pair, position) for pair, position in merges if position is not None])
    await _execute(connection, _UNMERGE, [pair for pair, position in merges if position is None])
    await _execute(connection, _UNBIND, changes.unbound.items())


async def _join(connection: asyncpg.Connection, changes: Changes) -> None:
    """Unite profiles as wholes: each stands in for its members, so that none but those that move are touched."""
    known = {row["customer_id"]: row for row in await connection.fetch(_KNOWN, list(changes.ranks))}
    ranks = {row["profile_id"]: row["profile_rank"] for row in known.values()}
    profiles = {profile_id: profile_id for profile_id in ranks}
    new = {customer_id: rank for customer_id, rank in changes.ranks.items() if customer_id not in known}
    unbound = {row["customer_id"]: row["occurred_at"] for row in await connection.fetch(_UNBOUND, list(changes.ranks))}
    edges = [(_profile(known, a), _profile(known, b)) for a, b in changes.edges(unbound)]
    changed = join(profiles, ranks | new, edges)
    await _execute(connection, _JOIN, ((old, to) for old, to in changed.items() if old not in new))
    better = {
        customer_id
        for customer_id, row in known.items()
        if changes.ranks[customer_id] < row["rank"] or customer_id in changes.registered
    }
    rows = [
        (
            customer_id,
            changes.ranks[customer_id],
            changed.get(customer_id, customer_id),
            changes.registered.get(customer_id),
        )
        for customer_id in (*new, *better)
    ]
    await _execute(connection, _KEEP, rows)
    # A customer known by a merge alone has registered: now that its rank is known, another may be the strongest.
    changes.parted |= {c for c in better if known[c]["rank"] == UNKNOWN_RANK > changes.ranks[c]}


async def _part(connection: asyncpg.Connection, parted: Iterable[UUID]) -> None:
    """Resolve the profiles of these customers from the edges that remain."""
    members = await connection.fetch(_MEMBERS, sorted(parted))
    ranks = {row["customer_id"]: row["rank"] for row in members}
    edges = [(row["a"], row["b"]) for row in await connection.fetch(_EDGES, sorted(ranks))]
    profiles = resolve(ranks, edges)
    moved = [(row["customer_id"], profiles[row["customer_id"]]) for row in members]
    await _execute(
        connection,
        _ASSIGN,
        sorted(pair for pair, row in zip(moved, members, strict=True) if pair[1] != row["profile_id"]),
    )


def _profile(known: Mapping[UUID, asyncpg.Record], customer_id: UUID) -> UUID:
    row = known.get(customer_id)
    profile_id: UUID = row["profile_id"] if row else customer_id
    return profile_id


async def _execute(connection: asyncpg.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True))
    if columns:
        await connection.execute(statement, *map(list, columns))


PROJECTION = Projection(
    name="identity_graph",
    version=3,
    tables=tables,
    topics=frozenset(TOPICS),
    apply=apply,
)

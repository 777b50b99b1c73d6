"""What a page says, written down: claims, merges, and the rules in force."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.graph import is_void
from domain.identity.resolving import UNKNOWN_RANK
from domain.identity.rule_book import UNTIL_ADOPTED
from domain.identity.rules import Guards
from projections.identity_graph.changes import Adopted, Changes

_CLAIM = """
    INSERT INTO claim AS c (customer_id, identifier_id, type, sealed, position, withdrawn, claimed_at, void, weak)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::bigint[], $6::boolean[],
                         $7::timestamptz[], $8::boolean[], $9::boolean[])
    ON CONFLICT (customer_id, identifier_id) DO UPDATE
    SET sealed = coalesce(excluded.sealed, c.sealed), position = excluded.position, withdrawn = excluded.withdrawn,
        claimed_at = excluded.claimed_at, void = excluded.void
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
_VOID = """
    UPDATE claim AS c SET void = true FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, occurred_at)
    WHERE u.id = c.{end} AND c.claimed_at <= u.occurred_at AND c.customer_id <> c.identifier_id AND NOT c.void
    RETURNING c.customer_id, c.identifier_id
"""
_MERGE = """
    INSERT INTO merge (customer_id, other_id, position, since)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])
    ON CONFLICT (customer_id, other_id) DO UPDATE SET position = excluded.position, since = excluded.since
"""
_UNMERGE = """
    DELETE FROM merge AS m USING unnest($1::uuid[], $2::uuid[]) AS u (customer_id, other_id)
    WHERE m.customer_id = u.customer_id AND m.other_id = u.other_id
"""
_FORGET = (
    "UPDATE customer SET registered_at = NULL WHERE customer_id = ANY($1)",
    "DELETE FROM claim WHERE customer_id = ANY($1) RETURNING customer_id, identifier_id",
    "DELETE FROM merge WHERE customer_id = ANY($1) OR other_id = ANY($1) RETURNING customer_id, other_id",
)
_RULES = "SELECT guards FROM rules"
_guards = msgspec.json.Decoder(Guards).decode


async def rules_in_force(connection: asyncpg.Connection) -> Guards:
    """Return the rules the view stands under."""
    kept = await connection.fetchval(_RULES)
    return UNTIL_ADOPTED if kept is None else _guards(kept)


async def adopt(connection: asyncpg.Connection, adopted: Adopted) -> None:
    """Put other rules in force."""
    await connection.execute("DELETE FROM rules")
    guards = msgspec.json.encode(adopted.guards).decode()
    await connection.execute("INSERT INTO rules (version, guards) VALUES ($1, $2)", adopted.version, guards)


async def unbound(connection: asyncpg.Connection, changes: Changes) -> dict[UUID, datetime]:
    """Write down which identifiers were cut, and return when those that the page speaks of were."""
    await execute(connection, _UNBIND, changes.unbound.items())
    return {row[0]: row[1] for row in await connection.fetch(_UNBOUND, list(changes.ranks))}


async def forget(connection: asyncpg.Connection, erased: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """Forget who these were; returns what joined them with others until now."""
    if not erased:
        return []
    rows = [row for statement in _FORGET for row in await connection.fetch(statement, list(erased))]
    return [(row[0], row[1]) for row in rows]


async def write(
    connection: asyncpg.Connection,
    changes: Changes,
    ranks: Mapping[UUID, int],
    cut: Mapping[UUID, datetime],
    weak: int,
) -> list[tuple[UUID, UUID]]:
    """Write the page's claims and merges; returns the earlier claims that a cut has made void.

    `cut` tells when identifiers were unbound; kinds of rank `weak` and above are weak.
    """
    claims, merges = changes.claims.items(), changes.merges.items()
    stated = [
        (*pair, c.type, c.sealed, c.position, c.withdrawn, c.claimed_at, is_void(*pair, c.claimed_at, cut), is_weak)
        for pair, c in claims
        if c.type is not None
        for is_weak in (any(ranks.get(end, UNKNOWN_RANK) >= weak for end in pair),)
    ]
    await execute(connection, _CLAIM, stated)
    await execute(connection, _WITHDRAW, [(*pair, c.position) for pair, c in claims if c.type is None])
    await execute(connection, _MERGE, [(*pair, made[1], made[0]) for pair, made in merges if made is not None])
    await execute(connection, _UNMERGE, [pair for pair, made in merges if made is None])
    return await _void(connection, changes.unbound) if changes.unbound else []


async def _void(connection: asyncpg.Connection, cut: Mapping[UUID, datetime]) -> list[tuple[UUID, UUID]]:
    voided = []
    for end in ("customer_id", "identifier_id"):
        rows = await connection.fetch(_VOID.format(end=end), list(cut), list(cut.values()))
        voided += [(row[0], row[1]) for row in rows]
    return voided


async def execute(connection: asyncpg.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Run a statement over columns of the rows, if there are any."""
    columns = list(zip(*rows, strict=True))
    if columns:
        await connection.execute(statement, *map(list, columns))

"""Resolve the whole history at once: when other rules are adopted, or to see what they would do.

Customers are numbered by PostgreSQL in the order of their strength: a million of them are a few lists of numbers.
"""

import asyncio
from collections.abc import Callable
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.resolving import Hold, Resolution, resolve
from domain.identity.rules import Guards

# Told what is being done, in order: numbering, reading, resolving, writing.
Told = Callable[[str], None]

_NUMBER = """
    CREATE TEMPORARY TABLE numbered ON COMMIT DROP AS
    SELECT customer_id, (row_number() OVER (ORDER BY rank, customer_id) - 1)::int AS n, rank FROM customer
"""
_RANKS = "SELECT rank, count(*) AS customers FROM numbered GROUP BY rank ORDER BY rank"
_CLAIMS = """
    SELECT array_agg(a.n) AS a, array_agg(b.n) AS b FROM claim AS c
    JOIN numbered AS a ON a.customer_id = c.customer_id JOIN numbered AS b ON b.customer_id = c.identifier_id
    WHERE NOT c.withdrawn AND NOT c.void AND c.customer_id <> c.identifier_id
"""
_MERGES = """
    SELECT array_agg(a.n) AS a, array_agg(b.n) AS b FROM merge AS m
    JOIN numbered AS a ON a.customer_id = m.customer_id JOIN numbered AS b ON b.customer_id = m.other_id
"""
_BLOCKED = "SELECT n FROM numbered WHERE customer_id = ANY($1)"
_FOUND = "CREATE TEMPORARY TABLE found (n int, root int, hold text) ON COMMIT DROP"
_WRITE = """
    UPDATE customer AS c SET profile_id = p.profile_id, hold = p.hold
    FROM (SELECT x.customer_id, coalesce(r.customer_id, x.customer_id) AS profile_id, f.hold
          FROM numbered AS x LEFT JOIN found AS f ON f.n = x.n LEFT JOIN numbered AS r ON r.n = f.root) AS p
    WHERE c.customer_id = p.customer_id AND (c.profile_id, c.hold) IS DISTINCT FROM (p.profile_id, p.hold)
"""
_WEAKEN = """
    UPDATE claim AS c SET weak = w.weak
    FROM (SELECT o.customer_id, o.identifier_id, a.rank >= $1 OR b.rank >= $1 AS weak FROM claim AS o
          JOIN customer AS a ON a.customer_id = o.customer_id
          JOIN customer AS b ON b.customer_id = o.identifier_id) AS w
    WHERE c.customer_id = w.customer_id AND c.identifier_id = w.identifier_id AND c.weak <> w.weak
"""


class Numbered(msgspec.Struct, frozen=True):
    """The graph with numbers for customers: the rank of each, and pairs."""

    ranks: list[int]
    claims: list[tuple[int, int]]
    merges: list[tuple[int, int]]


def _untold(_: str) -> None:
    pass


async def number(connection: asyncpg.Connection, told: Told = _untold) -> Numbered:
    """Number the customers (in a temporary table, for this transaction) and read the graph."""
    told("numbering")
    await connection.execute(_NUMBER)
    await connection.execute("CREATE INDEX ON numbered (customer_id)")
    await connection.execute("ANALYZE numbered")
    told("reading")
    ranks: list[int] = []
    for row in await connection.fetch(_RANKS):
        ranks += [row["rank"]] * row["customers"]
    return Numbered(ranks, await _pairs(connection, _CLAIMS), await _pairs(connection, _MERGES))


async def resolved(connection: asyncpg.Connection, graph: Numbered, guards: Guards, told: Told = _untold) -> Resolution:
    """Resolve the numbered graph under the rules; others go on meanwhile."""
    told("resolving")
    blocked = await connection.fetch(_BLOCKED, list(guards.blocked))
    holds = {row["n"]: Hold.BLOCKED for row in blocked}
    return await asyncio.to_thread(resolve, graph.ranks, graph.claims, graph.merges, guards, holds)


async def place_everybody(connection: asyncpg.Connection, guards: Guards) -> None:
    """Put every customer where the rules say it belongs."""
    await connection.execute(_WEAKEN, guards.first_weak_rank)
    found = await resolved(connection, await number(connection), guards)
    await connection.execute(_FOUND)
    await connection.copy_records_to_table(
        "found",
        records=(
            (place, root, found.holds.get(place))
            for place, root in enumerate(found.roots)
            if root != place or place in found.holds
        ),
    )
    await connection.execute("ANALYZE found")
    await connection.execute(_WRITE)
    await connection.execute("DROP TABLE numbered, found")


async def named(connection: asyncpg.Connection, numbers: list[int]) -> dict[int, UUID]:
    """Return the customers of numbers given in this transaction."""
    rows = await connection.fetch("SELECT n, customer_id FROM numbered WHERE n = ANY($1)", numbers)
    return {row["n"]: row["customer_id"] for row in rows}


async def _pairs(connection: asyncpg.Connection, query: str) -> list[tuple[int, int]]:
    (row,) = await connection.fetch(query)
    return list(zip(row["a"] or (), row["b"] or (), strict=True))

"""audit_chain: continue the chain over a page."""

import asyncpg

from projections.audit_chain.chain import CHECKPOINT_EVERY, START, Link, links
from projections.audit_chain.table import tables
from projections.engine.page import Page
from projections.engine.projection import Projection

_HEAD = "SELECT events, position, hash FROM head"
_CHECKPOINTS = """
    INSERT INTO checkpoint (events, position, hash) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
"""
_MOVE = """
    INSERT INTO head (one, events, position, hash) VALUES (true, $1, $2, $3)
    ON CONFLICT (one) DO UPDATE SET events = excluded.events, position = excluded.position, hash = excluded.hash
"""


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    head = await connection.fetchrow(_HEAD)
    found = list(links(Link(*head) if head else START, page.entries))
    checkpoints = [link for link in found if link.events % CHECKPOINT_EVERY == 0]
    if checkpoints:
        events, positions, hashes = zip(*((link.events, link.position, link.hash) for link in checkpoints), strict=True)
        await connection.execute(_CHECKPOINTS, list(events), list(positions), list(hashes))
    last = found[-1]
    await connection.execute(_MOVE, last.events, last.position, last.hash)


PROJECTION = Projection(
    name="audit_chain",
    version=1,
    tables=tables,
    topics=None,
    apply=apply,
    parks=False,
    rest_seconds=0.2,
)

"""From the id somebody knows to the history a command is told to."""

from uuid import UUID

import asyncpg

from projections.identity_graph.queries import members_of


async def stream_of(pool: asyncpg.Pool, customer_id: UUID) -> UUID:
    """Return the customer whose history to write to.

    That is the one addressed, unless it is only a name that others claim (a profile may bear the id of a member code
    nobody was registered under): then it is one of those who claim it, always the same.
    """
    found = (await members_of(pool, [customer_id])).get(customer_id)
    if found is None or not found[1] or customer_id in found[1]:
        return customer_id
    return min(found[1])


async def person(pool: asyncpg.Pool, customer_id: UUID) -> tuple[UUID, ...]:
    """Return every id the person goes by, the profile's first: what was promised to one of them is hers."""
    found = (await members_of(pool, [customer_id])).get(customer_id)
    if found is None:
        return (customer_id,)
    profile_id, members = found
    return tuple(dict.fromkeys((profile_id, *members, customer_id)))

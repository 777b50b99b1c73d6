"""Who a customer is together with: asked of the identity graph once it has come far enough."""

from collections.abc import Collection
from uuid import UUID

import asyncpg
import msgspec

from projections.engine.waiting import wait_until
from projections.identity_graph import queries

_WAIT_SECONDS = 10.0


class Person(msgspec.Struct, frozen=True):
    """Somebody: the profile, and the customers it is made of."""

    profile_id: UUID
    members: tuple[UUID, ...]


class People:
    """Looks up profiles, never behind a position the one who asks has already seen."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        """Begin without knowing how far the graph has come."""
        self._pool = pool
        self._known_at = 0

    async def of(self, customer_ids: Collection[UUID], position: int) -> dict[UUID, Person]:
        """Return each customer's person as of this position or later; raises `NotYetError` if the graph lags."""
        if position > self._known_at:
            await wait_until(self._pool, "identity_graph", position, _WAIT_SECONDS)
            self._known_at = max(self._known_at, position)
        members = await queries.members_of(self._pool, customer_ids)
        return {one: Person(*members.get(one, (one, (one,)))) for one in customer_ids}

"""Where a person may have left traces, up to the end of the log: what views know, and what they have yet to take."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from domain.channels.message import Message
from domain.identity.customer import Customer
from domain.identity.resolving import Hold
from domain.journeys.run import JourneyRun
from projections.engine import position

_JOINED: Final = """
    SELECT DISTINCT m.customer_id FROM identity_graph.customer AS c
    JOIN identity_graph.customer AS m USING (profile_id) WHERE c.customer_id = ANY($1)
"""
_HELD: Final = "SELECT customer_id, hold FROM identity_graph.customer WHERE customer_id = ANY($1) AND hold IS NOT NULL"
_CONCERNED: Final = """
    SELECT DISTINCT stream_id, topic FROM event_timeline.decision WHERE customer_id = ANY($1) AND topic = ANY($2)
"""
_NEWEST: Final = """
    SELECT originator_id, topic, state FROM decision_log WHERE notification_id > $1 AND topic = ANY($2)
"""
_JOINING: Final = [
    Customer.Registered.TOPIC,
    Customer.Identified.TOPIC,
    Customer.Bound.TOPIC,
    Customer.Merged.TOPIC,
]
_ASKED: Final = [JourneyRun.Entered.TOPIC, Message.Requested.TOPIC]


class _Joining(msgspec.Struct):
    claims: tuple["_Claim", ...] = ()
    other_id: UUID | None = None


class _Claim(msgspec.Struct):
    id: UUID


class _Concerning(msgspec.Struct):
    customer_id: UUID


_joining = msgspec.json.Decoder(_Joining).decode
_concerning = msgspec.json.Decoder(_Concerning).decode


class Traces:
    """Looks in `identity_graph` and `event_timeline`; a view that does not exist yet leaves all to the log."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        """Take where the views and the log are."""
        self._pool = pool

    async def joined_with(self, ids: Collection[UUID]) -> set[UUID]:
        """Return every customer who may be joined with one of these ids."""
        found = set(ids)
        standing = await self._standing("identity_graph")
        if standing:
            found |= {row["customer_id"] for row in await self._pool.fetch(_JOINED, list(ids))}
        news = await self._pool.fetch(_NEWEST, standing, _JOINING)
        edges = [(row["originator_id"], end) for row in news for end in _ends(row["state"])]
        held = await self.held_among({end for edge in edges for end in edge})
        edges = [edge for edge in edges if held.keys().isdisjoint(edge)]
        grown = -1
        while len(found) != grown:
            grown = len(found)
            for one, other in edges:
                if one in found or other in found:
                    found |= {one, other}
        return found

    async def held_among(self, ids: Collection[UUID]) -> dict[UUID, Hold]:
        """Return which of these join nobody, as far as the view has come."""
        if not ids or not await self._standing("identity_graph"):
            return {}
        return {row["customer_id"]: Hold(row["hold"]) for row in await self._pool.fetch(_HELD, list(ids))}

    async def walks_and_messages(self, customers: Collection[UUID]) -> tuple[set[UUID], set[UUID]]:
        """Return the streams of the journey runs and of the messages that concern these customers."""
        standing = await self._standing("event_timeline")
        concerned: list[tuple[UUID, str]] = []
        if standing:
            rows = await self._pool.fetch(_CONCERNED, list(customers), _ASKED)
            concerned = [(row["stream_id"], row["topic"]) for row in rows]
        wanted = set(customers)
        concerned += [
            (row["originator_id"], row["topic"])
            for row in await self._pool.fetch(_NEWEST, standing, _ASKED)
            if _concerning(row["state"]).customer_id in wanted
        ]
        walks = {stream_id for stream_id, topic in concerned if topic == JourneyRun.Entered.TOPIC}
        return walks, {stream_id for stream_id, _ in concerned} - walks

    async def _standing(self, view: str) -> int:
        found = await position.find(self._pool, view)
        return found.position if found else 0


def _ends(state: bytes) -> list[UUID]:
    said = _joining(state)
    return [claim.id for claim in said.claims] + ([said.other_id] if said.other_id else [])

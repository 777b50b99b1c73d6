"""Aggregates in and out of the decision log: load, then save, nothing between that could go stale unnoticed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from commands.runtime.clock import now
from commands.runtime.context import AlreadyDoneError, Context, Saved
from commands.runtime.keyring import KeyRing
from commands.runtime.mapper import SealingMapper
from commands.runtime.suppressions import Suppressions
from commands.runtime.writer import Writer
from domain.kernel.aggregate import Aggregate
from domain.kernel.event import Event, type_of_topic

A = TypeVar("A", bound=Aggregate)

_HISTORY = """
    SELECT originator_id, originator_version, topic, state FROM decision_log
    WHERE originator_id = ANY($1) AND notification_id <= coalesce($2, 9223372036854775807)
    ORDER BY originator_id, originator_version
"""
_FIND = "SELECT position, result::text AS result, fingerprint FROM command_log WHERE command_id = $1"


class Streams:
    """Loads aggregates by replaying their streams and saves what they decided."""

    def __init__(self, pool: asyncpg.Pool, keyring: KeyRing, writer: Writer, suppressions: Suppressions) -> None:
        """Take where to read from, the keys of the customers, the process's one writer, and who is kept out."""
        self._pool = pool
        self.keyring = keyring
        self.suppressions = suppressions
        self._writer = writer
        self.mapper = SealingMapper(keyring)

    async def load(self, kind: type[A], stream_id: UUID) -> A:
        """Return the aggregate as it stands; version 0 if nothing has happened to it."""
        return (await self.load_many(kind, (stream_id,)))[stream_id]

    async def load_many(self, kind: type[A], stream_ids: Iterable[UUID]) -> dict[UUID, A]:
        """Return each aggregate as it stands, with one query for all."""
        wanted = sorted(set(stream_ids))
        histories: dict[UUID, list[Event]] = {stream_id: [] for stream_id in wanted}
        for event in await self.history(wanted):
            histories[event.originator_id].append(event)
        return {stream_id: kind.rebuilt(stream_id, history) for stream_id, history in histories.items()}

    async def history(self, stream_ids: Sequence[UUID], *, until: int | None = None) -> list[Event]:
        """Return the streams' events, up to and including a position of the log if one is given."""
        rows = await self._pool.fetch(_HISTORY, list(stream_ids), until)
        await self.keyring.load(row["originator_id"] for row in rows if _is_personal(row["topic"]))
        return [
            self.mapper.decoded(row["topic"], row["state"], row["originator_id"], row["originator_version"])
            for row in rows
        ]

    async def save(self, *aggregates: Aggregate, by: Context, result: Any = None) -> Saved:
        """Append what the aggregates decided, in one transaction with the reservation of the command id.

        Raises `AlreadyDoneError` for a repeated command and `StaleVersionError` when another writer was first.
        """
        recorded_at = now()
        events = stamped(aggregates, by, recorded_at)
        if personal := {event.originator_id for event in events if event.PERSONAL and event.is_personal}:
            await self.keyring.ensure(personal)
        stored = [self.mapper.to_stored_event(event) for event in events]
        encoded = None if result is None else msgspec.json.encode(result)
        position = await self._writer.append(stored, by, recorded_at, encoded) if stored or by.command_id else 0
        return Saved(position=position, versions={aggregate.id: aggregate.version for aggregate in aggregates})

    async def refuse_repeat(self, by: Context) -> None:
        """Raise `AlreadyDoneError` if this command was carried out before (a cheap look before deciding anew)."""
        row = await self._pool.fetchrow(_FIND, by.command_id) if by.command_id else None
        if row:
            result = row["result"].encode() if row["result"] is not None else None
            raise AlreadyDoneError(row["position"], result, row["fingerprint"])


def stamped(aggregates: Iterable[Aggregate], by: Context, recorded_at: datetime) -> list[Event]:
    """Collect what the aggregates decided, each event inside its envelope."""
    meta = by.meta(recorded_at)
    return [event.inside(meta) for aggregate in aggregates for event in aggregate.collect_events()]


def _is_personal(topic: str) -> bool:
    event_type = type_of_topic.get(topic)
    return event_type is None or bool(event_type.PERSONAL)

"""Take in activities: every batch that waits becomes facts, customers and one seal, in one transaction.

One task per process does it, so that two requests about the same customer never race each other here; another process
may, and then the batch is decided again.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Self
from uuid import UUID

import msgspec
from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError, StoredEvent
from psycopg import Cursor

from commands.activity.admission import admitted
from commands.activity.batch import Batch, Known, decide
from commands.activity.order_numbers import OrderNumbers
from commands.identity.describing import Describing, shipped
from commands.runtime.event_store import EventStore
from commands.runtime.facts import FactIds, copy_facts, digest, ensure_partition
from commands.runtime.suppressions import SuppressionsMovedError
from commands.runtime.writer import WriterClosedError
from domain.activity.activity import Activity
from domain.activity.sealing import FactsSealed, seal_stream
from domain.identity.claim import CustomerErasedError
from domain.identity.naming import Naming
from domain.kernel.event import Meta
from domain.kernel.stored import to_state

_MOST_ACTIVITIES = 2_000
_ATTEMPTS = 5
_CLAIM_KEYS = """
    INSERT INTO fact_key (key, recorded_at) SELECT key, %s FROM unnest(%s::uuid[]) AS key
    ON CONFLICT DO NOTHING RETURNING key
"""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request: the position of its batch in the log, and how many were new or known already.

    `suppressed` are those that name a person who was erased: nothing is kept of them.
    """

    position: int
    accepted: int
    duplicates: int
    suppressed: int = 0


class _Waiting(msgspec.Struct, frozen=True):
    activities: Sequence[Activity]
    taken: asyncio.Future[Taken]


class Intake:
    """The one door for activities of a process."""

    def __init__(
        self,
        store: EventStore,
        naming: Naming,
        *,
        actor: str = "ingest",
        describing: Describing | None = None,
        orders: OrderNumbers | None = None,
    ) -> None:
        """Take the event store to write to, the naming of customers, and the rules (those of Koi, unless given).

        `orders` knows which trackers tell orders under numbers that other systems use as well.
        """
        self._orders = orders
        self._describing = describing or shipped()
        self._store = store
        self._naming = naming
        self._actor = actor
        self._known = Known()
        self._ids = FactIds()
        self._waiting: list[_Waiting] = []
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start the task."""
        self._task = asyncio.create_task(self._run(), name="intake")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop after the batch under way; who still waits is told."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for waiting in self._waiting:
            if not waiting.taken.done():
                waiting.taken.set_exception(WriterClosedError("Koi is stopping: send the batch again"))

    async def take(self, activities: Sequence[Activity]) -> Taken:
        """Return once the activities are durably part of history (or were before)."""
        if not activities:
            return Taken(position=0, accepted=0, duplicates=0)
        if self._orders is not None:
            activities = await self._orders.numbered(activities)
        taken: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(activities, taken))
        self._arrived.set()
        return await taken

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            waiting = self._next()
            if not waiting:
                self._arrived.clear()
                continue
            for one, outcome in zip(waiting, await self._settle(waiting), strict=True):
                if one.taken.done():  # the one who asked has gone
                    continue
                if isinstance(outcome, BaseException):
                    one.taken.set_exception(outcome)
                else:
                    one.taken.set_result(outcome)

    async def _settle(self, waiting: Sequence[_Waiting]) -> list[Taken | BaseException]:
        """Commit all requests at once, or, where one of them stands in the way, in halves until it stands alone."""
        try:
            return list(await self._commit([one.activities for one in waiting]))
        except (InterfaceError, OperationalError) as error:  # the log cannot be written: nobody's request is at fault
            return [error] * len(waiting)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait, not to this task
            if len(waiting) == 1:
                return [error]
        middle = len(waiting) // 2
        return [*await self._settle(waiting[:middle]), *await self._settle(waiting[middle:])]

    def _next(self) -> list[_Waiting]:
        count, total = 0, 0
        for waiting in self._waiting:
            total += len(waiting.activities)
            if count and total > _MOST_ACTIVITIES:
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    async def _commit(self, requests: Sequence[Sequence[Activity]]) -> list[Taken]:
        suppressions = self._store.suppressions
        for attempt in range(_ATTEMPTS):
            known = suppressions.position
            let_in = [admitted(request, suppressions, self._naming) for request in requests]
            activities = [activity for request in let_in for activity in request]
            try:
                batch = await decide(
                    activities, self._known, self._store.streams, self._naming, self._actor, self._describing
                )
                position, fresh = await asyncio.to_thread(self._write, batch, known)
            except (IntegrityError, SuppressionsMovedError, CustomerErasedError):
                # Another process wrote to one of these customers, or erased somebody, first: forget what was assumed
                # and decide again.
                self._known.forget()
                await suppressions.refresh()
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            self._known.learn(batch.learned)
            return _shares(requests, let_in, batch, position, fresh)
        return []

    def _write(self, batch: Batch, known: int) -> tuple[int, set[UUID]]:
        fresh: set[UUID] = set()

        def before(cursor: Cursor[Any]) -> Sequence[StoredEvent]:
            fresh.clear()
            # In order, so that two processes claiming the same keys wait for each other instead of deadlocking.
            cursor.execute(_CLAIM_KEYS, (batch.recorded_at, sorted(batch.rows)))
            fresh.update(row["key"] for row in cursor.fetchall())
            return [self._seal(cursor, batch, fresh)] if fresh else []

        def after(cursor: Cursor[Any], _: Sequence[int]) -> None:
            self._store.suppressions.check(cursor, known)

        positions = self._store.recorder.insert_events(batch.stored, before=before, after=after)
        return (positions[-1] if positions else 0), fresh

    def _seal(self, cursor: Cursor[Any], batch: Batch, fresh: set[UUID]) -> StoredEvent:
        rows = [row for key, row in batch.rows.items() if key in fresh]
        first_id = self._ids.take(cursor, len(rows))
        last_id = first_id + len(rows) - 1
        ensure_partition(cursor, batch.recorded_at)
        copy_facts(cursor, rows, first_id=first_id, recorded_at=batch.recorded_at)
        seen = digest(cursor, first_id=first_id, last_id=last_id, recorded_at=batch.recorded_at)
        sealed = FactsSealed(
            originator_id=seal_stream(self._actor, str(first_id)),
            originator_version=1,
            meta=Meta(occurred_at=batch.recorded_at, recorded_at=batch.recorded_at, actor=self._actor),
            batch_key=str(first_id),
            source=self._actor,
            first_id=first_id,
            last_id=last_id,
            count=seen.count,
            sha256=seen.sha256,
            recorded_at=batch.recorded_at,
            latest_occurred_at=seen.latest_occurred_at,
        )
        return StoredEvent(
            originator_id=sealed.originator_id, originator_version=1, topic=sealed.TOPIC, state=to_state(sealed)
        )


def _shares(
    requests: Sequence[Sequence[Activity]],
    let_in: Sequence[Sequence[Activity]],
    batch: Batch,
    position: int,
    fresh: set[UUID],
) -> list[Taken]:
    shares = []
    keys = iter(batch.keys)
    unclaimed = set(fresh)
    for request, admitted_of_it in zip(requests, let_in, strict=True):
        own = [next(keys) for _ in admitted_of_it]
        new = unclaimed.intersection(own)
        unclaimed -= new
        shares.append(
            Taken(
                position=position,
                accepted=len(new),
                duplicates=len(own) - len(new),
                suppressed=len(request) - len(own),
            )
        )
    return shares

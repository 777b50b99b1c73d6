"""Group commit: one task per process appends what many handlers decided, as few transactions as the disk needs.

It flushes as soon as the previous flush is through; while that one waits for the disk, the next one fills.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

import msgspec
from eventsourcing.persistence import IntegrityError, StoredEvent
from psycopg import Cursor

from commands.runtime.context import AlreadyDoneError, Context
from commands.runtime.recorder import DecisionRecorder
from domain.kernel.errors import KoiError, StaleVersionError

_MOST_EVENTS = 200
_RESERVE = (
    "INSERT INTO command_log (command_id, fingerprint, position, result, recorded_at) VALUES (%s, %s, %s, %s, %s)"
)
_FIND = "SELECT position, result::text, fingerprint FROM command_log WHERE command_id = %s"


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """What one command appends, all or nothing."""

    events: Sequence[StoredEvent]
    context: Context
    recorded_at: datetime
    result: bytes | None = None
    appended: asyncio.Future[int]


class WriterClosedError(KoiError):
    """The process is stopping and takes no more commands."""

    code = "writer.closed"


class Writer:
    """Appends units in the order they come; neighbours of a unit that conflicts are not held up by it."""

    def __init__(self, recorder: DecisionRecorder) -> None:
        """Take the recorder all units go through."""
        self._recorder = recorder
        self._waiting: list[Unit] = []
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start the writing task."""
        self._task = asyncio.create_task(self._run(), name="writer")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop after the flush under way; who still waits is told."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for unit in self._waiting:
            if not unit.appended.done():
                unit.appended.set_exception(WriterClosedError("Koi is stopping: send the command again"))

    async def append(
        self, events: Sequence[StoredEvent], context: Context, recorded_at: datetime, result: bytes | None = None
    ) -> int:
        """Append durably and return the position of the last event.

        Raises `AlreadyDoneError` if the command was carried out before, `StaleVersionError` if a stream moved on.
        """
        appended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(
            Unit(events=events, context=context, recorded_at=recorded_at, result=result, appended=appended)
        )
        self._arrived.set()
        return await appended

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            units = self._take()
            if not units:
                self._arrived.clear()
                continue
            outcomes = await asyncio.to_thread(self._write, units)
            for unit, outcome in zip(units, outcomes, strict=True):
                if unit.appended.done():  # the one who asked has gone
                    continue
                if isinstance(outcome, BaseException):
                    unit.appended.set_exception(outcome)
                else:
                    unit.appended.set_result(outcome)

    def _take(self) -> list[Unit]:
        count, total = 0, 0
        for unit in self._waiting:
            total += len(unit.events)
            if count and total > _MOST_EVENTS:
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def _write(self, units: Sequence[Unit]) -> list[int | BaseException]:
        try:
            return self._insert(units)
        except IntegrityError:
            if len(units) == 1:
                return [self._conflict(units[0])]
            middle = len(units) // 2
            return [*self._write(units[:middle]), *self._write(units[middle:])]
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait, not to this task
            return [error] * len(units)

    def _insert(self, units: Sequence[Unit]) -> list[int | BaseException]:
        ends: list[int] = []

        def reserve(cursor: Cursor[Any], positions: Sequence[int]) -> None:
            ends.clear()
            taken = 0
            rows = []
            for unit in units:
                taken += len(unit.events)
                ends.append(positions[taken - 1] if taken else 0)
                if unit.context.command_id:
                    rows.append(_reservation(unit, ends[-1]))
            if rows:
                cursor.executemany(_RESERVE, rows)

        events = [event for unit in units for event in unit.events]
        self._recorder.insert_events(events, after=reserve)
        return list(ends)

    def _conflict(self, unit: Unit) -> KoiError:
        # After a lost connection our own commit may have gone through: look for it before calling this a conflict.
        if unit.context.command_id:
            with self._recorder.datastore.get_connection() as connection:
                row = connection.execute(_FIND, (unit.context.command_id,)).fetchone()
            if row:
                result = row["result"].encode() if row["result"] is not None else None
                return AlreadyDoneError(row["position"], result, row["fingerprint"])
        return StaleVersionError("the stream has changed since it was read: read it again and decide anew")


def _reservation(unit: Unit, position: int) -> tuple[Any, ...]:
    result = unit.result.decode() if unit.result is not None else None
    return (unit.context.command_id, unit.context.fingerprint, position, result, unit.recorded_at)

"""Move the positions of views that a page holds nothing for: all that wait, with one statement."""

import asyncio
from types import TracebackType
from typing import Self

import asyncpg
import msgspec

from projections.engine.connecting import connect
from projections.engine.position import OvertakenError

# Rows are locked in the order of their names, so that two processes doing the same wait for each other.
_MOVE = """
    WITH held AS (
        SELECT p.name, m.new FROM projection_position AS p
        JOIN unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) AS m (name, version, previous, new)
          ON p.name = m.name AND p.version = m.version AND p.position = m.previous
        ORDER BY p.name FOR UPDATE OF p
    )
    UPDATE projection_position AS p SET position = held.new, updated_at = clock_timestamp()
    FROM held WHERE p.name = held.name RETURNING p.name
"""


class _Move(msgspec.Struct, frozen=True, eq=False):
    name: str
    version: int
    previous: int
    new: int
    moved: asyncio.Future[None]


class Passing:
    """Collects moves while one statement is under way, and makes them with the next."""

    def __init__(self, database_url: str) -> None:
        """Take where to connect; the connection is opened when first needed, and again whenever it is lost."""
        self._database_url = database_url
        self._connection: asyncpg.Connection | None = None
        self._waiting: list[_Move] = []
        self._moving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin; nothing is opened yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop and close the connection."""
        if self._moving:
            self._moving.cancel()
        if self._connection:
            self._connection.terminate()

    async def move(self, name: str, version: int, *, previous: int, new: int) -> None:
        """Move a view's position; raises `OvertakenError` if it was moved before."""
        moved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Move(name, version, previous, new, moved))
        if self._moving is None or self._moving.done():
            self._moving = asyncio.create_task(self._run(), name="passing")
        await moved

    async def _run(self) -> None:
        while self._waiting:
            moves, self._waiting = self._waiting, []
            try:
                names = await self._move(moves)
            except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait
                for move in moves:
                    _settle(move, error)
            else:
                for move in moves:
                    _settle(move, None if move.name in names else OvertakenError(move.name))

    async def _move(self, moves: list[_Move]) -> set[str]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._database_url, "public", application_name="koi passing")
        columns = zip(*((move.name, move.version, move.previous, move.new) for move in moves), strict=True)
        return {row["name"] for row in await self._connection.fetch(_MOVE, *map(list, columns))}


def _settle(move: _Move, error: Exception | None) -> None:
    if move.moved.done():  # the one who asked has gone
        return
    if error:
        move.moved.set_exception(error)
    else:
        move.moved.set_result(None)

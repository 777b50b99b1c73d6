"""Who is kept out: the identifiers of erased people, as the log decided them, in the memory of every process.

An identifier's id is a keyed hash of it (`domain.identity.naming`), so that tomorrow's file is recognised although
nothing is kept that names anybody. Each process listens for news and looks once a second besides; who writes facts
compares under the log's lock (`check`), so that not even one that was on its way slips in.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, Self
from uuid import UUID

import asyncpg
import msgspec
from psycopg import Cursor

from domain.identity.erasure import Erasure
from domain.kernel.errors import KoiError

CHANNEL = "koi_erasure"
_POLL_SECONDS = 1.0
_TOPICS = f"('{Erasure.Begun.TOPIC}', '{Erasure.Widened.TOPIC}', '{Erasure.Lifted.TOPIC}')"
# The index `decision_log_erasure_idx` holds these few events alone.
_NEWS = f"""
    SELECT notification_id, topic, state FROM decision_log WHERE topic IN {_TOPICS} AND notification_id > $1
    ORDER BY notification_id
"""
_NEWEST = f"SELECT coalesce(max(notification_id), 0) AS position FROM decision_log WHERE topic IN {_TOPICS}"
_log = logging.getLogger("koi.erasure")


class SuppressionsMovedError(KoiError):
    """Somebody was erased while this was being decided: look again whom it speaks of."""

    code = "suppressions.moved"


class _Said(msgspec.Struct):
    customers: tuple[UUID, ...] = ()
    suppressed: tuple[UUID, ...] = ()
    identifiers: tuple[UUID, ...] = ()


_decode = msgspec.json.Decoder(_Said).decode


class Suppressions:
    """The ids kept out, up to `position` of the log; `on_erased` is told the customers of each new erasure."""

    def __init__(self, pool: asyncpg.Pool, on_erased: Callable[[Iterable[UUID]], None]) -> None:
        """Begin knowing nothing: `refresh` comes first."""
        self._pool = pool
        self._on_erased = on_erased
        self._ids: set[UUID] = set()
        self._one_at_a_time = asyncio.Lock()
        self.position = 0

    def __contains__(self, identifier_id: object) -> bool:
        """Whether the identifier names somebody who was erased."""
        return identifier_id in self._ids

    def __len__(self) -> int:
        """How many identifiers are kept out."""
        return len(self._ids)

    @property
    def ids(self) -> frozenset[UUID]:
        """All of them, for who has to compare many at once."""
        return frozenset(self._ids)

    async def refresh(self) -> None:
        """Take in what was decided since."""
        async with self._one_at_a_time:
            for row in await self._pool.fetch(_NEWS, self.position):
                said = _decode(row["state"])
                self._ids.update(said.suppressed)
                self._ids.difference_update(said.identifiers)
                self.position = row["notification_id"]
                self._on_erased(said.customers)

    def check(self, cursor: Cursor[Any], known: int) -> None:
        """Under the log's lock: raise `SuppressionsMovedError` if somebody was erased since position `known`."""
        cursor.execute(_NEWEST)
        row = cursor.fetchone()
        if row and row["position"] > known:
            raise SuppressionsMovedError("somebody was erased meanwhile: look again whom this speaks of")


class Listening:
    """Keeps a process's suppressions current while it runs; a lost connection is made again."""

    def __init__(self, database_url: str, suppressions: Suppressions) -> None:
        """Take where to listen and what to refresh."""
        self._database_url = database_url
        self._suppressions = suppressions
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Know everything so far, then listen."""
        await self._suppressions.refresh()
        self._task = asyncio.create_task(self._run(), name="suppressions")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                _log.warning("listening for erasures: %s", type(error).__name__)
                await asyncio.sleep(_POLL_SECONDS)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self._database_url, server_settings={"application_name": "koi erasures"})
        try:
            await connection.add_listener(CHANNEL, lambda *_: self._woken.set())
            while not connection.is_closed():
                self._woken.clear()
                await self._suppressions.refresh()
                try:
                    async with asyncio.timeout(_POLL_SECONDS):
                        await self._woken.wait()
                except TimeoutError:
                    continue
        finally:
            connection.terminate()

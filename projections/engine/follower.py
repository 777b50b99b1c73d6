"""Keep one view current: page after page, through lost connections, poison, competitors and new versions."""

import asyncio
import logging
import time

import asyncpg

from projections.engine import position, schema
from projections.engine.applying import take
from projections.engine.connecting import connect
from projections.engine.page import Page
from projections.engine.poison import Isolation, is_poison
from projections.engine.projection import Projection
from projections.engine.rebuild import rebuild
from projections.engine.tail import Tail

_log = logging.getLogger("koi.projections")
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 10.0
# Pages without an event for this view move its position at once, but not more often than this.
_SAVED_EVERY_SECONDS = 0.005
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('koi projection ' || $1, 0))"
_CREATING = "SELECT pg_advisory_xact_lock(hashtextextended('koi creating ' || $1, 0))"


class OutdatedError(Exception):
    """The view exists in a newer version than this process knows: it is another process's to keep."""


class Follower:
    """Follows the log for one view, from a connection of its own."""

    def __init__(self, database_url: str, projection: Projection, tail: Tail, *, exclusive: bool = True) -> None:
        """Take the view; `exclusive` waits while another process follows it (to save work: the position decides)."""
        self._database_url = database_url
        self._projection = projection
        self._tail = tail
        self._exclusive = exclusive
        self._read = self._stored = 0
        self._saved_at = 0.0

    async def run(self) -> None:
        """Follow until cancelled; returns if the view belongs to a newer version of Koi."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            started = time.monotonic()
            try:
                await self._session()
            except OutdatedError as error:
                _log.warning("%s: %s", self._projection.name, error)
                return
            except Exception as error:  # noqa: BLE001 - whatever it was, the view must go on once it is over
                if time.monotonic() - started > _LONGEST_PAUSE_SECONDS:
                    pause = _FIRST_PAUSE_SECONDS
                _log.warning("%s: %s, again in %.1f s", self._projection.name, _described(error), pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _session(self) -> None:
        connection = await connect(self._database_url, self._projection.name)
        try:
            await self._stand_by(connection)
            await self._prepare(connection)
            while True:
                await self._follow(connection)
        finally:
            connection.terminate()

    async def _stand_by(self, connection: asyncpg.Connection) -> None:
        while self._exclusive and not await connection.fetchval(_LOCK, self._projection.name):
            await self._tail.bell.wait()  # rings at least once a second

    async def _prepare(self, connection: asyncpg.Connection) -> None:
        projection = self._projection
        async with connection.transaction():
            await connection.execute(_CREATING, projection.name)
            standing = await position.find(connection, projection.name)
            if standing is None:
                await schema.create(connection, projection, projection.name)
                await position.begin(connection, projection.name, projection.version)
                return
        if standing.version < projection.version:
            _log.info(
                "%s: version %d is built beside version %d", projection.name, projection.version, standing.version
            )
            await rebuild(self._database_url, projection)

    async def _follow(self, connection: asyncpg.Connection) -> None:
        """Take pages until a competitor turns out to be ahead."""
        standing = await position.find(connection, self._projection.name)
        if standing is None or standing.version != self._projection.version:
            msg = f"the view is not in version {self._projection.version} any more"
            raise OutdatedError(msg)
        self._read = self._stored = standing.position
        while True:
            bell = self._tail.bell
            page = await self._tail.page_after(self._read)
            try:
                if page.is_empty:
                    await self._rest(connection, bell)
                elif page.has(self._projection.topics):
                    await self._take(connection, page.since(self._stored))
                else:
                    await self._pass_over(connection, page)
            except position.OvertakenError:
                return

    async def _take(self, connection: asyncpg.Connection, page: Page) -> None:
        try:
            await take(connection, self._projection, page)
        except Exception as error:
            if not self._projection.parks or not is_poison(error):
                raise
            isolation = Isolation(connection, self._projection)
            await isolation.take(page)
            _log.error("%s: %d parked up to position %d", self._projection.name, isolation.parked, page.upto)
        self._read = self._stored = page.upto

    async def _pass_over(self, connection: asyncpg.Connection, page: Page) -> None:
        self._read = page.upto
        if time.monotonic() - self._saved_at > _SAVED_EVERY_SECONDS:
            await self._save(connection)

    async def _rest(self, connection: asyncpg.Connection, bell: asyncio.Event) -> None:
        if self._read == self._stored:
            await bell.wait()
            return
        try:
            async with asyncio.timeout(_SAVED_EVERY_SECONDS):
                await bell.wait()
        except TimeoutError:
            await self._save(connection)

    async def _save(self, connection: asyncpg.Connection) -> None:
        await take(connection, self._projection, Page(self._stored, self._read, ()))
        self._stored = self._read
        self._saved_at = time.monotonic()


def _described(error: Exception) -> str:
    # Messages of the database may quote values; a name and a code do not.
    code = getattr(error, "sqlstate", None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__

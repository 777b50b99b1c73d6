"""Keep one view current: page after page, through lost connections, poison, competitors and new versions."""

import asyncio
import logging
import time

import asyncpg

from projections.engine import position, schema
from projections.engine.applying import take
from projections.engine.connecting import TRANSIENT, connect
from projections.engine.page import Page
from projections.engine.passing import Passing
from projections.engine.poison import Isolation, is_poison
from projections.engine.projection import Projection
from projections.engine.rebuild import rebuild
from projections.engine.tail import Tail

_log = logging.getLogger("koi.projections")
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 10.0
# A server that is away comes back for all views at once: who waits for longer only keeps others waiting.
_AWAY_PAUSE_SECONDS = 1.0
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('koi projection ' || $1, 0))"
_CREATING = "SELECT pg_advisory_xact_lock(hashtextextended('koi creating ' || $1, 0))"


class OutdatedError(Exception):
    """The view exists in a newer version than this process knows: it is another process's to keep."""


class Follower:
    """Follows the log for one view, from a connection of its own."""

    def __init__(
        self, database_url: str, projection: Projection, *, tail: Tail, passing: Passing, exclusive: bool = True
    ) -> None:
        """Take the view; `exclusive` waits while another process follows it (to save work: the position decides)."""
        self._database_url = database_url
        self._projection = projection
        self._tail = tail
        self._passing = passing
        self._exclusive = exclusive

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
                longest = _AWAY_PAUSE_SECONDS if isinstance(error, TRANSIENT) else _LONGEST_PAUSE_SECONDS
                pause = min(pause, longest)
                _log.warning("%s: %s, again in %.1f s", self._projection.name, _described(error), pause)
                await asyncio.sleep(pause)
                pause *= 2

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
        reached = standing.position
        while True:
            bell = self._tail.bell
            page = await self._tail.page_after(reached)
            if page.is_empty:
                await bell.wait()
                if connection.is_closed():
                    return  # a server that crashed has lost the last moments: where the view stands is read anew
                continue
            try:
                await self._pass(connection, page)
            except position.OvertakenError:
                return
            reached = page.upto
            if self._projection.rest_seconds and not page.is_full:
                await asyncio.sleep(self._projection.rest_seconds)

    async def _pass(self, connection: asyncpg.Connection, page: Page) -> None:
        projection = self._projection
        if not projection.handles(page):
            await self._passing.move(projection.name, projection.version, previous=page.after, new=page.upto)
            return
        try:
            await take(connection, projection, page)
        except Exception as error:  # any kind can be an event's fault
            if not projection.parks or not is_poison(error):
                raise
            isolation = Isolation(connection, projection)
            await isolation.take(page)
            _log.error("%s: %d parked up to position %d", projection.name, isolation.parked, page.upto)


def _described(error: Exception) -> str:
    # Messages of the database may quote values; a name and a code do not.
    code = getattr(error, "sqlstate", None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__

"""Rebuild a view from the log beside the live one, which serves on until the new one takes its place."""

from collections.abc import Callable

import asyncpg
import msgspec

from projections.engine import position, schema
from projections.engine.applying import take
from projections.engine.connecting import connect
from projections.engine.page import END, Page, read_page
from projections.engine.poison import is_poison
from projections.engine.projection import Projection

# Told after each page: how far, and how far the log reaches.
Progress = Callable[[int, int], None]

PURPOSE = "rebuild"
_REPLACED = "replaced"
# The more facts are grouped at once, the fewer rows are written twice; nobody waits for the pages of a rebuild.
_MOST_FACTS = 1_000_000
SORTING = {"work_mem": "128MB", "maintenance_work_mem": "256MB"}
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('koi ' || $1, 0))"
_HEAD = "SELECT coalesce(max(notification_id), 0) FROM decision_log"
_HOLD = "SELECT position FROM projection_position WHERE name = $1 FOR UPDATE"
_BEGIN_ANEW = "DELETE FROM projection_position WHERE name = $1"
_TAKE_OVER = """
    INSERT INTO projection_position (name, version, position) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET version = $2, position = $3, updated_at = clock_timestamp()
"""
_CLEAR_LETTERS = "UPDATE dead_letter SET replayed_at = clock_timestamp() WHERE projection = $1 AND replayed_at IS NULL"


class AlreadyRunningError(Exception):
    """The view is being built aside already, by another process."""


class RebuildFailedError(Exception):
    """An event cannot be taken; a rebuild parks nothing, so that the new view is either complete or not there."""

    def __init__(self, projection: str, after: int, upto: int) -> None:
        """Say where."""
        super().__init__(f"{projection} cannot take an event between positions {after} (exclusive) and {upto}")
        self.after = after
        self.upto = upto


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """What was rebuilt, from how many events and facts, up to which position."""

    view: str
    position: int
    events: int
    facts: int


class Aside:
    """A second copy of a view, filled from the beginning of the log."""

    def __init__(self, connection: asyncpg.Connection, projection: Projection, purpose: str) -> None:
        """Take a connection whose search path is the copy's schema."""
        self.connection = connection
        self.projection = projection
        self.name = schema.aside(projection.name, purpose)
        self.position = self.events = self.facts = 0

    async def begin(self) -> None:
        """Make the empty tables, dropping what an earlier attempt has left; raises `AlreadyRunningError`."""
        if not await self.connection.fetchval(_LOCK, self.name):
            msg = f"{self.name} is being built already"
            raise AlreadyRunningError(msg)
        await self.drop()
        self.position = self.events = self.facts = 0
        await schema.create(self.connection, self.projection, self.name, indexes=False)
        await position.begin(self.connection, self.name, self.projection.version)

    async def fill(self, upto: int = END, progress: Progress | None = None) -> None:
        """Take pages until there are none up to the position."""
        while True:
            page = await read_page(
                self.connection, self.position, upto=upto, topics=self.projection.topics, facts=_MOST_FACTS
            )
            if page.is_empty:
                return
            await self.take(page)
            if progress:
                progress(page.upto, await self.connection.fetchval(_HEAD))

    async def take(self, page: Page) -> None:
        """Take a page; raises `RebuildFailedError` if the view cannot."""
        try:
            await take(self.connection, self.projection, page, name=self.name)
        except Exception as error:  # any kind can be an event's fault
            if not is_poison(error):
                raise
            raise RebuildFailedError(self.projection.name, page.after, page.upto) from error
        self.position = page.upto
        self.events += len(page.entries)
        self.facts += page.facts

    async def finish(self) -> None:
        """Make the indexes that were left out while filling."""
        await schema.create_indexes(self.connection, self.projection, late=True)
        for table in self.projection.tables.sorted_tables:
            await self.connection.execute(f'ANALYZE "{table.name}"')

    async def drop(self) -> None:
        """Drop the copy."""
        await schema.drop(self.connection, self.name)
        await self.connection.execute(_BEGIN_ANEW, self.name)


async def rebuild(database_url: str, projection: Projection, *, progress: Progress | None = None) -> Rebuilt:
    """Build the view anew and put it in the place of the live one.

    May be killed at any moment and started again. Raises `RebuildFailedError` at an event it cannot take and
    `AlreadyRunningError` if another process is at it; the live view is untouched by either.
    """
    connection = await connect(database_url, schema.aside(projection.name, PURPOSE), **SORTING)
    try:
        copy = Aside(connection, projection, PURPOSE)
        await copy.begin()
        await copy.fill(progress=progress)
        await copy.finish()
        await copy.fill(progress=progress)
        await _take_over(copy)
        return Rebuilt(view=projection.name, position=copy.position, events=copy.events, facts=copy.facts)
    finally:
        await connection.close()


async def _take_over(copy: Aside) -> None:
    connection, name = copy.connection, copy.projection.name
    replaced = schema.aside(name, _REPLACED)
    await schema.drop(connection, replaced)
    async with connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit = on")
        # The live view stands still from here; the copy is never behind it when it takes over.
        await connection.fetchval(_HOLD, name)
        await copy.fill()
        await schema.swap(connection, name, copy.name, replaced)
        await connection.execute(_TAKE_OVER, name, copy.projection.version, copy.position)
        await connection.execute(_BEGIN_ANEW, copy.name)
        await connection.execute(_CLEAR_LETTERS, name)
    await schema.drop(connection, replaced)

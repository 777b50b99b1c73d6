"""The end of the log, read once for all views that stand there."""

import asyncio
import time
from types import TracebackType
from typing import Self

import asyncpg

from projections.engine.connecting import connect
from projections.engine.page import Page, read_page

_CHANNEL = "decision_log"
_POLL_SECONDS = 1.0
_REMEMBERED = 8


class Tail:
    """Hands out the pages after a position and rings when there may be a new one.

    Between two reads at the end of the log lie at least `pace` seconds: a lone event is seen at once, and a stream of
    them comes in pages worth their transaction.
    """

    def __init__(self, database_url: str, *, pace: float = 0.01) -> None:
        """Take where to listen and read; the connection is opened when first needed, and again whenever it is lost."""
        self._database_url = database_url
        self._pace = pace
        self._connection: asyncpg.Connection | None = None
        self._one_at_a_time = asyncio.Lock()
        self._under_way: dict[int, asyncio.Task[Page]] = {}
        self._polling: asyncio.Task[None] | None = None
        self._bell = asyncio.Event()
        self._heard = 0
        self._heard_at_head = -1
        self._head = -1
        self._read_at = 0.0
        self._pages: dict[int, Page] = {}

    async def __aenter__(self) -> Self:
        """Begin to ring once a second, for what a lost notification would hide."""
        self._polling = asyncio.create_task(self._poll(), name="tail")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop ringing and close the connection."""
        if self._polling:
            self._polling.cancel()
        under_way = list(self._under_way.values())
        for reading in under_way:
            reading.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        if self._connection:
            self._connection.terminate()

    @property
    def bell(self) -> asyncio.Event:
        """Set when there may be news. Take it before asking for a page, wait for it after getting an empty one."""
        return self._bell

    async def page_after(self, position: int) -> Page:
        """Return the page after the position, empty if nothing is known to have happened since the last read."""
        if position == self._head and self._heard == self._heard_at_head:
            return Page(position, position, ())
        page = self._pages.get(position)
        if page and (page.is_full or page.upto == self._head):
            return page
        reading = self._under_way.get(position)
        if reading is None:
            reading = asyncio.create_task(self._read(position), name="reading a page")
            self._under_way[position] = reading
            reading.add_done_callback(lambda _: self._under_way.pop(position, None))
        # All who wait for the page get it in the same moment, so that what they do next goes together.
        return await asyncio.shield(reading)

    async def _read(self, position: int) -> Page:
        async with self._one_at_a_time:
            return await self._read_alone(position)

    async def _read_alone(self, position: int) -> Page:
        connection = await self._connected()
        if position == self._head:
            await asyncio.sleep(self._read_at + self._pace - time.monotonic())
        heard, self._read_at = self._heard, time.monotonic()
        page = await read_page(connection, position)
        if not page.is_full and page.upto >= self._head:
            self._heard_at_head, self._head = heard, page.upto
        if page.entries:
            self._remember(page)
        return page

    def _remember(self, page: Page) -> None:
        self._pages.pop(page.after, None)
        self._pages[page.after] = page
        while len(self._pages) > _REMEMBERED:
            del self._pages[next(iter(self._pages))]

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            # What was notified while nobody listened is found by the read that follows.
            self._heard += 1
            connection = await connect(self._database_url, "public", application_name="koi tail")
            try:
                await connection.add_listener(_CHANNEL, self._on_notify)
            except BaseException:
                connection.terminate()
                raise
            connection.add_termination_listener(self._on_notify)
            self._connection = connection
        return self._connection

    def _on_notify(self, *_: object) -> None:
        self._heard += 1
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            self._on_notify()

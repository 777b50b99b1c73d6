"""When the log grows, publish what is new, fenced so that two relays or a lost answer can never publish twice.

The position lives in the stream itself: the last message says how far the relay has come. Every publish names the
sequence it expects to follow; whoever is behind is refused, looks again, and goes on from there.
"""

import asyncio
import time
from collections.abc import Sequence

import asyncpg
import msgspec
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from workers.relay.messages import Marks, Message, messages_of, page_after

_PAGE = 200
_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0
_FLOOR_SECONDS = 0.5
_FLOOR = "SELECT position FROM projection_position WHERE name = 'relay'"
_RAISE_FLOOR = """
    INSERT INTO projection_position (name, version, position) VALUES ('relay', 1, $1)
    ON CONFLICT (name) DO UPDATE SET position = excluded.position, updated_at = now()
    WHERE projection_position.position < excluded.position
"""


class At(msgspec.Struct, frozen=True):
    """How far the stream has come: message `index` of `count` of `position`, stored under `sequence`."""

    position: int
    index: int
    count: int
    sequence: int

    def has(self, message: Message) -> bool:
        """Whether the message is in the stream already."""
        return (message.position, message.index) <= (self.position, self.index)

    @property
    def read_after(self) -> int:
        """The position to read the log above: the one before, if its messages are not complete yet."""
        return self.position if self.index + 1 >= self.count else self.position - 1


class Relay:
    """One relay; any number may run, one of them is ahead."""

    def __init__(self, js: JetStreamContext, *, stream: str, prefix: str) -> None:
        """Take the stream to publish to and the first word of its subjects."""
        self._js = js
        self._stream = stream
        self._prefix = prefix
        self._at: At | None = None
        self._marks: Marks | None = None
        self._floor = 0
        self._floor_raised_at = 0.0

    async def run(self, connection: asyncpg.Connection, woken: asyncio.Event) -> None:
        """Publish for ever: at once when the log grows (`woken` by LISTEN), else every second."""
        while True:
            woken.clear()
            if await self.publish_page(connection):
                continue
            await self._raise_floor(connection)
            try:
                await asyncio.wait_for(woken.wait(), _POLL_SECONDS)
            except TimeoutError:
                continue

    async def publish_page(self, connection: asyncpg.Connection) -> bool:
        """Publish the next page; returns whether there is more to do at once."""
        at = self._at = self._at or await self._look(connection)
        rows = await page_after(connection, at.read_after, _PAGE)
        # Of what came before the start nothing is known: the marks then say "everything until here".
        marks = self._marks = self._marks or Marks(at.read_after, at.read_after)
        messages = [
            message async for message in messages_of(connection, rows, self._prefix, marks) if not at.has(message)
        ]
        is_through = await self._publish(at, messages) if messages else True
        return not is_through or len(rows) == _PAGE

    async def _publish(self, at: At, messages: Sequence[Message]) -> bool:
        try:
            pending = [
                await self._js.publish_async(
                    message.subject,
                    message.body,
                    headers={
                        "Nats-Msg-Id": message.id,
                        "Koi-At": f"{message.position} {message.index} {message.count}",
                        "Nats-Expected-Last-Sequence": str(at.sequence + offset),
                    },
                )
                for offset, message in enumerate(messages)
            ]
            # An answer that died with the broker would be awaited for ever.
            acks = await asyncio.wait_for(asyncio.gather(*pending), _PATIENCE_SECONDS)
        except (APIError, NatsError, TimeoutError, asyncio.CancelledError) as error:
            self._at = None  # another relay is ahead, or an answer was lost: the stream itself knows
            if isinstance(error, APIError):
                return False
            raise
        last = messages[-1]
        self._at = At(last.position, last.index, last.count, acks[-1].seq)
        return True

    async def _raise_floor(self, connection: asyncpg.Connection) -> None:
        """Keep a copy of the position, for `koi projections status` and for a stream whose messages have aged out."""
        at, clock = self._at, time.monotonic()
        if at and at.position > self._floor and clock - self._floor_raised_at > _FLOOR_SECONDS:
            await connection.execute(_RAISE_FLOOR, at.position)
            self._floor, self._floor_raised_at = at.position, clock

    async def _look(self, connection: asyncpg.Connection) -> At:
        info = await self._js.stream_info(self._stream)
        sequence = info.state.last_seq
        try:
            message = await self._js.get_msg(self._stream, seq=sequence) if sequence else None
        except NotFoundError:  # it has aged out
            message = None
        if message is not None and message.headers:
            position, index, count = map(int, message.headers["Koi-At"].split())
            return At(position, index, count, sequence)
        floor = await connection.fetchval(_FLOOR) if sequence else None
        return At(floor or 0, 0, 1, sequence)

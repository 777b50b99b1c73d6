"""Open the event store: the one thing every process starts with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import msgspec
from eventsourcing.postgres import PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from commands.runtime.keyring import KeyRing
from commands.runtime.recorder import DecisionRecorder
from commands.runtime.streams import Streams
from commands.runtime.suppressions import Listening, Suppressions
from commands.runtime.writer import Writer

TABLE = "decision_log"
_LOCK_TIMEOUT_SECONDS = 10
# The pool doubles its pause with every try at a server that is away, and begins anew after this: so the server is back
# for some seconds at most before it is used again.
_RECONNECT_SECONDS = 5.0


def open_recorder(database_url: str, *, pool_size: int = 2) -> DecisionRecorder:
    """Return the recorder of the decision log; the table exists already (migrations), so nothing is created."""
    parts = {key: str(value) for key, value in conninfo_to_dict(database_url).items() if value is not None}
    datastore = PostgresDatastore(
        dbname=parts.get("dbname", "postgres"),
        host=parts.get("host", "localhost"),
        port=parts.get("port", "5432"),
        user=parts.get("user", "postgres"),
        password=parts.get("password", ""),
        pool_size=1,
        max_overflow=pool_size - 1,
        lock_timeout=_LOCK_TIMEOUT_SECONDS,
    )
    datastore.pool.reconnect_timeout = _RECONNECT_SECONDS
    return DecisionRecorder(datastore, events_table_name=TABLE)


async def open_pool(database_url: str, *, size: int = 10) -> asyncpg.Pool:
    """Return a pool for reading; statements are cached, times come back in UTC."""

    async def keep_as_it_is(_: asyncpg.Connection) -> None:
        """Nobody here changes the session, so nothing is reset: a round trip saved with every query."""

    return await asyncpg.create_pool(
        database_url,
        min_size=1,
        max_size=size,
        reset=keep_as_it_is,
        server_settings={"timezone": "UTC", "jit": "off"},
    )


class EventStore(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs to read and append history."""

    pool: asyncpg.Pool
    recorder: DecisionRecorder
    keyring: KeyRing
    streams: Streams

    @property
    def suppressions(self) -> Suppressions:
        """Who is kept out."""
        return self.streams.suppressions


@asynccontextmanager
async def open_event_store(database_url: str, master_key: bytes, *, pool_size: int = 10) -> AsyncIterator[EventStore]:
    """Open the pools, the key ring and the group-commit writer; closes them again."""
    pool = await open_pool(database_url, size=pool_size)
    recorder = open_recorder(database_url)
    try:
        keyring = KeyRing(pool, master_key)
        keyring.closed = suppressions = Suppressions(pool, keyring.forget)
        async with Listening(database_url, suppressions), Writer(recorder) as writer:
            streams = Streams(pool, keyring, writer, suppressions)
            yield EventStore(pool=pool, recorder=recorder, keyring=keyring, streams=streams)
    finally:
        recorder.datastore.close()
        await pool.close()

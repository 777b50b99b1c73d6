"""Locks by name, held in the database: they end with the process that holds them, however it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

_WAIT = "SELECT pg_advisory_lock(hashtextextended($1, 0)) IS NOT NULL"
_TRY = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"


@asynccontextmanager
async def locked(pool: asyncpg.Pool, name: str, *, wait: bool = True) -> AsyncIterator[bool]:
    """Hold the lock while the block runs; yield False, and hold nothing, if another has it and none is to `wait`."""
    async with pool.acquire() as connection:
        try:
            if not await connection.fetchval(_WAIT if wait else _TRY, name):
                yield False
                return
            try:
                yield True
            except Exception:  # of whoever holds it: it goes on its way
                await connection.execute(_UNLOCK, name)
                raise
            await connection.execute(_UNLOCK, name)
        except (asyncio.CancelledError, GeneratorExit):
            connection.terminate()  # and with it the lock
            raise

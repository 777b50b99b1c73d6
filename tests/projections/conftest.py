"""A log to write to and a connection to read views with."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.projections.log import Log


@pytest.fixture
def log(database: str) -> Iterator[Log]:
    """The log of this test's database."""
    log = Log(database)
    yield log
    log.close()


@pytest.fixture
async def reading(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A reader's connection."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()

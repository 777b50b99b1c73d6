"""A decision log of this test's own, on a real database."""

from collections.abc import AsyncIterator

import pytest

from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.streams import Streams


@pytest.fixture
async def streams(database: str, secrets: Secrets) -> AsyncIterator[Streams]:
    """Loads and saves aggregates."""
    async with open_event_store(database, secrets.master_key, pool_size=4) as store:
        yield store.streams

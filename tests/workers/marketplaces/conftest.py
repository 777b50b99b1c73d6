"""Simulated shops, and a Koi's means to read them."""

from collections.abc import AsyncIterator

import pytest

from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from tests.workers.marketplaces.shopping import Scene
from workers.marketplaces.simulator.marketplaces import Marketplaces
from workers.marketplaces.simulator.serving import serving
from workers.sources.kind import open_means


@pytest.fixture
async def scene(settings: Settings, secrets: Secrets) -> AsyncIterator[Scene]:
    """The four platforms, their shops empty, and what a run works with."""
    marketplaces = Marketplaces()
    async with (
        serving(marketplaces) as address,
        open_event_store(settings.database_url, secrets.master_key) as store,
        open_means(settings, secrets, store) as means,
    ):
        yield Scene(marketplaces=marketplaces, address=address, means=means)

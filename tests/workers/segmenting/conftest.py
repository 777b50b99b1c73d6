"""A shop for each test."""

from collections.abc import AsyncIterator

import pytest

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from tests.workers.segmenting.watched_shop import WatchedShop, open_shop


@pytest.fixture
async def shop(settings: Settings, secrets: Secrets) -> AsyncIterator[WatchedShop]:
    """A shop that is watched."""
    async with open_shop(settings, secrets) as shop:
        yield shop

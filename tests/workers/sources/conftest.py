"""A Koi without roles, and a folder of declared sources."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from tests.workers.sources.declaring import Shop
from workers.sources.kind import open_means


@pytest.fixture
async def shop(settings: Settings, secrets: Secrets, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop that declares its sources, and delivers files."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    settings.sources_folder.mkdir(parents=True)
    async with (
        open_event_store(settings.database_url, secrets.master_key) as store,
        open_means(settings, secrets, store) as means,
    ):
        yield Shop(means=means, inbox=inbox)

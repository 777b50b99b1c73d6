"""A folder of delivered files, and a Koi to import them into."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from tests.workers.connectors.delivering import Delivery
from workers.connectors.destination import open_destination


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a source delivers its files."""
    folder = tmp_path / "delivered"
    folder.mkdir()
    return folder


@pytest.fixture
async def delivery(settings: Settings, secrets: Secrets, folder: Path) -> AsyncIterator[Delivery]:
    """Files of a source, and where they go."""
    async with open_destination(settings, secrets) as into:
        yield Delivery(folder=folder, into=into)

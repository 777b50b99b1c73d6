"""One real Koi for all tests of the API, over a database of their own."""

from collections.abc import AsyncIterator

import httpx
import pytest

from commands.runtime.secrets import Secrets
from tests.api.running import RunningKoi, running_koi
from workers.running.embedded_postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
async def koi(
    postgres: EmbeddedPostgres,
    template: str,
    secrets: Secrets,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RunningKoi]:
    """The Koi all tests of the API share; each uses customers of its own."""
    async with running_koi(postgres, template, secrets, "koi_api", tmp_path_factory.mktemp("koi")) as running:
        yield running


@pytest.fixture
async def everything(koi: RunningKoi) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose key opens everything."""
    async with koi.client("all") as client:
        yield client


@pytest.fixture
async def source(koi: RunningKoi) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may only send events."""
    async with koi.client("ingest") as client:
        yield client

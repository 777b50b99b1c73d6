"""One real Koi for all tests of the API, over a database of their own."""

from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
from psycopg import sql

from commands.access.keys import create_key
from commands.runtime.event_store import open_pool
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from tests.api.running import RunningKoi, projecting, serving
from workers.running.embedded_postgres import EmbeddedPostgres

_DATABASE = "koi_api"


@pytest.fixture(scope="session")
async def koi(
    postgres: EmbeddedPostgres,
    template: str,
    secrets: Secrets,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RunningKoi]:
    """The Koi all tests of the API share; each uses customers of its own."""
    copied, original = sql.Identifier(_DATABASE), sql.Identifier(template)
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(copied, original))
    database = postgres.url_of(_DATABASE)
    home = {"KOI_HOME": str(tmp_path_factory.mktemp("koi"))}
    settings = Settings.build(home, database_url=database, nats_url="nats://127.0.0.1:1")
    with serving(settings, secrets) as url, projecting(database):
        yield RunningKoi(
            url=url,
            database=database,
            sources=settings.sources_folder,
            secrets=secrets,
            keys=await _keys(database, secrets),
        )


async def _keys(database: str, secrets: Secrets) -> dict[str, str]:
    keys = {"all": secrets.admin_key, "ingest": secrets.write_key}
    async with await open_pool(database, size=1) as pool:
        for scopes in (("read",), ("command",), ("audit",), ("admin",), ("read", "personal"), ("read", "command")):
            keys["+".join(scopes)] = (await create_key(pool, label="test", wanted=scopes)).key
    return keys


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

"""Real servers for the tests: one PostgreSQL and one NATS a session, a fresh migrated database a test."""

import itertools
from asyncio import to_thread
from collections.abc import AsyncIterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

from commands.runtime.migrating import migrate
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from workers.running.embedded_nats import EmbeddedNats
from workers.running.embedded_postgres import EmbeddedPostgres
from workers.running.program import halt

# A busy machine is slow at everything; that is no finding about the rule under test.
hypothesis.settings.register_profile("koi", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("koi")

# The JavaScript clients and the browser.
pytest_plugins = ["tests.clients.fixtures"]

_TEMPLATE = "koi_template"
# Crashes of the server are survived without these; only a power failure is not, and tests have none.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_connections": "200"}
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """One embedded PostgreSQL for the session."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), options=NOT_DURABLE)
    process = await server.start()
    yield server
    await halt(process, server)


@pytest.fixture(scope="session")
def postgres_url(postgres: EmbeddedPostgres) -> str:
    """The session's server, at an empty database with every right."""
    return postgres.url


@pytest.fixture(scope="session")
async def template(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated database that others are copied from."""
    await _execute(postgres.url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
    await to_thread(migrate, postgres.url_of(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
async def database(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    """The URL of a fresh, migrated database of this test's own."""
    name = f"test_{next(_numbers)}"
    copied, original = sql.Identifier(name), sql.Identifier(template)
    await _execute(postgres.url, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(copied, original))
    yield postgres.url_of(name)
    await _execute(postgres.url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(copied))


@pytest.fixture(scope="session")
def secrets() -> Secrets:
    """Secrets generated for the session."""
    return Secrets.generate()


@pytest.fixture(scope="session")
async def nats_url(tmp_path_factory: pytest.TempPathFactory, secrets: Secrets) -> AsyncIterator[str]:
    """One embedded NATS with JetStream for the session; tests use stream names of their own."""
    server = EmbeddedNats(tmp_path_factory.mktemp("nats"), token=secrets.nats_token)
    process = await server.start()
    yield server.url
    await halt(process, server)


@pytest.fixture
def settings(database: str, nats_url: str, secrets: Secrets, tmp_path: Path) -> Settings:
    """Settings over this test's database and the session's broker; the secrets lie where they say."""
    home = {"KOI_HOME": str(tmp_path / "koi")}
    found = Settings.build(home, database_url=database, nats_url=nats_url)
    found.secrets_file.parent.mkdir(parents=True)
    found.secrets_file.write_bytes(secrets.stored())
    return found


async def _execute(url: str, statement: sql.Composed) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement)

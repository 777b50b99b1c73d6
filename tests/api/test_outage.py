"""When the database is away: what is answered, and that it goes on afterwards."""

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from tests.api.asking import a_name, is_problem, send, tracked
from tests.api.running import serving
from tests.patience import PATIENCE
from workers.running.embedded_postgres import EmbeddedPostgres


@pytest.fixture
def own(database: str, secrets: Secrets) -> Settings:
    """Settings of a Koi over a database that this test may take away."""
    return Settings.build({}, database_url=database, nats_url="nats://127.0.0.1:1")


async def test_a_source_is_asked_to_come_back_while_the_log_cannot_be_written(
    postgres: EmbeddedPostgres, own: Settings, database: str, secrets: Secrets
) -> None:
    """503 with Retry-After, never a 200 that would lose events; the same request works once the database is back."""
    name = str(conninfo_to_dict(database)["dbname"])
    with serving(own, secrets) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE) as client:
            client.headers["X-API-Key"] = secrets.write_key
            await send(client, tracked(a_name()))
            await _allow(postgres, name, connections=False)
            unread = await client.post("/v1/batch", json={"batch": [tracked(a_name())]})
            ready = await client.get("/readyz")
            alive = await client.get("/livez")
            await _allow(postgres, name, connections=True)
            assert await send(client, tracked(a_name())) > 0
            assert (await client.get("/readyz")).status_code == 200
    is_problem(unread, 503, "log.unavailable")
    assert int(unread.headers["retry-after"]) > 0
    assert (ready.status_code, ready.json()["database"]) == (503, False)
    assert alive.status_code == 200


async def _allow(postgres: EmbeddedPostgres, name: str, *, connections: bool) -> None:
    """Close or open a database to everybody; those who are in are sent away."""
    allow = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}").format(sql.Identifier(name), connections)
    away = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute(allow)
        if not connections:
            await connection.execute(away, (name,))

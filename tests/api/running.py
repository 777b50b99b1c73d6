"""A real Koi within the tests' process: uvicorn and the views, each in its own thread."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import psycopg
import uvicorn
from psycopg import sql

from api.app import build
from commands.access.keys import create_key
from commands.runtime.event_store import open_pool
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from projections.engine import runner
from projections.views import views
from tests.patience import PATIENCE
from tests.projections.following import until
from workers.running.embedded_postgres import EmbeddedPostgres


@dataclass(frozen=True, kw_only=True)
class RunningKoi:
    """A Koi that answers at `url`; `keys` by what they open."""

    url: str
    database: str
    sources: Path
    secrets: Secrets = field(repr=False)
    keys: dict[str, str] = field(repr=False)

    def client(self, *scopes: str) -> httpx.AsyncClient:
        """Return a client with the key of these scopes (`all`: the first administrator's, none: no key)."""
        headers = {"X-API-Key": self.keys["+".join(scopes)]} if scopes else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENCE, transport=_Patient())

    def hurried(self) -> httpx.AsyncClient:
        """Return a client of the first administrator that takes a view's being late for an answer."""
        return httpx.AsyncClient(
            base_url=self.url, headers={"X-API-Key": self.keys["all"]}, timeout=PATIENCE, trust_env=False
        )


class _Patient(httpx.AsyncHTTPTransport):
    """Asks again where a view was not as far as the reader wants: a busy machine is late, and that is no finding."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        until = time.monotonic() + PATIENCE
        while True:
            answer = await super().handle_async_request(request)
            if answer.status_code != httpx.codes.GATEWAY_TIMEOUT or time.monotonic() > until:
                return answer
            await answer.aclose()


@asynccontextmanager
async def running_koi(
    postgres: EmbeddedPostgres, template: str, secrets: Secrets, name: str, home: Path
) -> AsyncIterator[RunningKoi]:
    """Run a Koi over a new database of this name; its state lies in the folder."""
    copied, original = sql.Identifier(name), sql.Identifier(template)
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(copied, original))
    database = postgres.url_of(name)
    settings = Settings.build({"KOI_HOME": str(home)}, database_url=database, nats_url="nats://127.0.0.1:1")
    with serving(settings, secrets) as url, projecting(database, settings.lake_url):
        await _views_are_there(database, len(views(settings.lake_url, database)))
        yield RunningKoi(
            url=url,
            database=database,
            sources=settings.sources_folder,
            secrets=secrets,
            keys=await _keys(database, secrets),
        )


async def _views_are_there(database: str, wanted: int) -> None:
    reading = await asyncpg.connect(database)
    await until(reading, "SELECT count(*) FROM projection_position", wanted)
    await reading.close()


async def _keys(database: str, secrets: Secrets) -> dict[str, str]:
    keys = {"all": secrets.admin_key, "ingest": secrets.write_key}
    async with await open_pool(database, size=1) as pool:
        for scopes in (("read",), ("command",), ("audit",), ("admin",), ("read", "personal"), ("read", "command")):
            keys["+".join(scopes)] = (await create_key(pool, label="test", wanted=scopes)).key
    return keys


@contextmanager
def serving(settings: Settings, secrets: Secrets) -> Iterator[str]:
    """Run the API in a thread, as uvicorn runs it in production; gives its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(
            build(settings, secrets), loop="uvloop", http="httptools", ws="none", lifespan="on", log_level="warning"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            httpx.get(f"{url}/livez", trust_env=False, timeout=PATIENCE)
            yield url
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def projecting(database: str, lake_url: str) -> Iterator[None]:
    """Keep the views current in a thread."""
    stopping = threading.Event()

    async def run() -> None:
        running = asyncio.create_task(runner.run(database, views(lake_url, database)))
        await asyncio.to_thread(stopping.wait)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()

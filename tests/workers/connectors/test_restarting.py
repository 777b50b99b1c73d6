"""An import that is killed in the middle goes on where it was: everything once, as if nothing had happened."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
import psycopg
import pytest
from psycopg import sql

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.activity.sealing import FactsSealed, FileImported
from tests.patience import PATIENCE
from tests.workers.connectors.delivering import Delivery, content
from workers.connectors.destination import open_destination
from workers.connectors.facts import ROWS
from workers.connectors.importing import import_file
from workers.connectors.report import FileReport
from workers.connectors.synthetic import MAPPING, behaviour_mapping, write_behaviour
from workers.running.embedded_postgres import EmbeddedPostgres

_CHUNKS = 5
_SEALS = f"SELECT count(*) FROM decision_log WHERE topic = '{FactsSealed.TOPIC}'"
_FILES = f"SELECT convert_from(state, 'UTF8')::jsonb - 'meta' FROM decision_log WHERE topic = '{FileImported.TOPIC}'"


@pytest.fixture
async def undisturbed(postgres: EmbeddedPostgres, template: str, settings: Settings) -> AsyncIterator[Settings]:
    """A second Koi with the same secrets."""
    name, original = sql.Identifier("undisturbed"), sql.Identifier(template)
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, original))
        yield msgspec.structs.replace(settings, database_url=postgres.url_of("undisturbed"))
        await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def behaviour(folder: Path) -> Path:
    """A file of five chunks, with broken rows in the second and a row twice in the third."""
    file = folder / "behaviour.csv"
    write_behaviour(file, _CHUNKS * ROWS)
    lines = file.read_bytes().split(b"\n")
    lines[ROWS + 7] = lines[ROWS + 7].replace(b"2017-", b"20x7-")
    lines[2 * ROWS + 9] = lines[2 * ROWS + 8]
    file.write_bytes(b"\n".join(lines))
    return file


async def _imported(settings: Settings, secrets: Secrets, file: Path) -> FileReport:
    async with open_destination(settings, secrets) as into:
        return await import_file(str(file), behaviour_mapping(), into, base=file.parent)


@asynccontextmanager
async def _importing(settings: Settings, file: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `koi import` as a process of its own."""
    env = os.environ | {"KOI_HOME": str(settings.home), "KOI_DATABASE_URL": settings.database_url}
    env |= {"KOI_NATS_URL": settings.nats_url, "KOI_SECRETS_FILE": str(settings.secrets_file)}
    command = [sys.executable, "-m", "workers", "import", str(MAPPING), "--file", str(file)]
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def _commits(delivery: Delivery) -> AsyncIterator[asyncio.Queue[str]]:
    """Every commit to the log, as it happens."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with delivery.pool.acquire() as connection:
        channel = delivery.into.store.recorder.channel_name

        def hear(*told: object) -> None:
            heard.put_nowait(str(told[-1]))

        await connection.add_listener(channel, hear)
        yield heard
        await connection.remove_listener(channel, hear)


@pytest.mark.slow
async def test_a_killed_import_goes_on_where_it_was(
    delivery: Delivery, settings: Settings, undisturbed: Settings, secrets: Secrets, behaviour: Path
) -> None:
    """Killed once while the first chunk is being written, once in the middle; the third start ends it."""
    whole = await _imported(undisturbed, secrets, behaviour)
    # The customers are two commits, then each chunk is one: one kill hits the first chunk, the other a later one.
    for commits in (2, 2):
        async with _commits(delivery) as heard, _importing(settings, behaviour) as process:
            for _ in range(commits):
                await asyncio.wait_for(heard.get(), PATIENCE)
            process.send_signal(signal.SIGKILL)
        assert await delivery.pool.fetchval(_SEALS) < _CHUNKS
        assert await delivery.pool.fetch(_FILES) == []
    async with _importing(settings, behaviour) as process:
        assert await process.wait() == 0
    connection = await asyncpg.connect(undisturbed.database_url)
    try:
        assert await content(delivery.pool) == await content(connection)
        assert await delivery.pool.fetch(_FILES) == await connection.fetch(_FILES)
    finally:
        await connection.close()
    assert (whole.items, whole.duplicates, whole.quarantined) == (_CHUNKS * ROWS - 2, 1, 1)
    assert await delivery.is_sealed_truly()
    assert await delivery.count("quarantine") == 1
    assert not list((settings.home / "import").glob("run-*"))


@pytest.mark.slow
async def test_an_import_that_is_stopped_lets_go_of_everything(
    delivery: Delivery, settings: Settings, secrets: Secrets, behaviour: Path
) -> None:
    """Ctrl-C while one chunk is written and the next one made: no thread is left behind, and it can go on later."""
    async with _commits(delivery) as heard:
        running = asyncio.create_task(_imported(settings, secrets, behaviour))
        for _ in range(3):
            await asyncio.wait_for(heard.get(), PATIENCE)
        running.cancel()
        assert isinstance((await asyncio.gather(running, return_exceptions=True))[0], asyncio.CancelledError)
    assert not list((settings.home / "import").glob("run-*"))
    report = await _imported(settings, secrets, behaviour)
    assert report.outcome == "imported"
    assert await delivery.count("fact_log") == report.items == _CHUNKS * ROWS - 2

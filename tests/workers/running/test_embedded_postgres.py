"""The embedded PostgreSQL survives what can happen to a process."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil
import psycopg
import pytest

from workers.running import postgres_leftovers
from workers.running.account import server_account
from workers.running.embedded_postgres import EmbeddedPostgres
from workers.running.program import ProgramError, halt
from workers.running.waiting import until

SMALL = {"shared_buffers": "16MB", "fsync": "off"}


@asynccontextmanager
async def running(server: EmbeddedPostgres) -> AsyncIterator[Process]:
    """A started server, ended in any case."""
    process = await server.start()
    try:
        yield process
    finally:
        await halt(process, server, patience=10)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; some containers never collect the remains of other people's children."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def server(tmp_path: Path) -> EmbeddedPostgres:
    """A server on a home of its own."""
    return EmbeddedPostgres(tmp_path / "home", options=SMALL)


async def test_it_is_postgresql_18_in_utc_and_utf8(postgres_url: str) -> None:
    """The same everywhere, whatever this machine's locale and clock are set to."""
    connection = await asyncpg.connect(postgres_url)
    try:
        names = ("server_version_num", "timezone", "server_encoding", "synchronous_commit", "listen_addresses")
        version, *others = [await connection.fetchval("SELECT current_setting($1)", name) for name in names]
        assert version.startswith("18")
        assert others == ["UTC", "UTF8", "on", ""]
        assert await connection.fetchval("SELECT upper('é鯉')") == "É鯉"
    finally:
        await connection.close()


async def test_it_is_durable_unless_told_otherwise(tmp_path: Path) -> None:
    """What is acknowledged is on disk."""
    durable = EmbeddedPostgres(tmp_path / "home", options={"shared_buffers": "16MB"})
    async with running(durable), await psycopg.AsyncConnection.connect(durable.url) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            found = await (await connection.execute(f"SHOW {name}")).fetchone()
            assert found == ("on",)


async def test_committed_rows_are_there_after_a_kill(server: EmbeddedPostgres) -> None:
    """`kill -9` of the server loses nothing that was acknowledged, and the next start needs no help."""
    process = await server.start()
    async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        process.kill()
        await process.wait()
    async with running(server), await psycopg.AsyncConnection.connect(server.url) as connection:
        assert await (await connection.execute("SELECT sum(n) FROM kept")).fetchone() == (500_500,)


async def test_a_back_end_that_outlives_its_server_does_not_block_the_next(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stopped here so that it cannot notice; the new server would refuse to start beside it."""
    monkeypatch.setattr(postgres_leftovers, "_ORPHAN_SECONDS", 0.5)
    process = await server.start()
    connection = await psycopg.AsyncConnection.connect(server.url)
    back_end = psutil.Process(connection.info.backend_pid)
    back_end.suspend()
    process.kill()
    await process.wait()
    try:
        async with running(server):
            assert is_gone(back_end.pid)
    finally:
        await connection.close()


async def test_a_server_left_by_a_killed_supervisor_is_replaced(server: EmbeddedPostgres) -> None:
    """Two servers on one folder would destroy it."""
    left = await server.start()
    async with running(server) as process:
        assert left.returncode == 0
        assert process.pid != left.pid


async def test_a_process_id_taken_over_by_another_program_does_not_block_the_start(server: EmbeddedPostgres) -> None:
    """After a container restarts, the numbers start again from 1."""
    process = await server.start()
    process.kill()
    await process.wait()
    file = server.data / "postmaster.pid"
    file.write_text("\n".join([str(os.getpid()), *file.read_text().splitlines()[1:]]))
    async with running(server) as again:
        assert again.returncode is None


async def test_an_interrupted_first_start_is_begun_anew(server: EmbeddedPostgres) -> None:
    """Half a data folder looks like none."""
    half = server.data.with_name("postgres.new")
    (half / "base").mkdir(parents=True)
    async with running(server):
        assert not half.exists()


async def test_a_home_with_a_long_path_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of a Unix socket may have 107 bytes, that of a home many more."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    server = EmbeddedPostgres(tmp_path / ("long" * 30), options=SMALL)
    async with running(server), await psycopg.AsyncConnection.connect(server.url) as connection:
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    assert EmbeddedPostgres(tmp_path / ("long" * 30)).url == server.url


async def test_a_data_folder_of_another_version_is_refused(server: EmbeddedPostgres) -> None:
    """With a word on what to do, and untouched."""
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(ProgramError, match="belongs to PostgreSQL 16"):
        await server.start()


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The end of its log is in the error."""
    server = EmbeddedPostgres(tmp_path / "home", options={"shared_buffers": "nonsense"})
    with pytest.raises(ProgramError, match="invalid value for parameter"):
        await server.start()


async def test_errors_in_the_log_hold_no_values(server: EmbeddedPostgres) -> None:
    """A key that is there twice may be a phone number."""
    async with running(server), await psycopg.AsyncConnection.connect(server.url, autocommit=True) as connection:
        await connection.execute("CREATE TABLE phone (number text PRIMARY KEY)")
        await connection.execute("INSERT INTO phone VALUES ('13800138000')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            await connection.execute("INSERT INTO phone VALUES ('13800138000')")
    log = server.log.read_text()
    assert "duplicate key" in log
    assert "13800138000" not in log


@pytest.fixture
def closed_home() -> Iterator[Path]:
    """A home below a folder that only its owner may enter, as /root is."""
    with tempfile.TemporaryDirectory() as folder:
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        yield Path(folder) / "home"


async def test_as_root_it_runs_as_another_user_even_below_a_closed_folder(closed_home: Path) -> None:
    """PostgreSQL refuses to be root; no permissions are changed for it; it keeps one right, the way to its files."""
    account = server_account()
    server = EmbeddedPostgres(closed_home, options=SMALL)
    async with running(server) as process:
        seen = psutil.Process(process.pid)
        expected = account.uid if account else os.getuid()
        assert set(seen.uids()) == {expected}
        assert closed_home.parent.stat().st_mode & 0o777 == 0o700
        assert server.data.stat().st_uid == expected
        if account:
            status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
            assert int(status["CapEff"], 16) == 1 << 1
            assert status["Groups"].strip() == ""


async def test_it_ends_when_its_parent_dies(server: EmbeddedPostgres) -> None:
    """A `kill -9` of the supervisor leaves no database behind."""
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", START_AND_DIE, server.data.parent), stdout=subprocess.PIPE
    )
    told, _ = await supervisor.communicate()
    assert supervisor.returncode == -signal.SIGKILL
    assert await until(lambda: is_gone(int(told)), 20)
    assert not (server.data / "postmaster.pid").exists()


START_AND_DIE = """
import asyncio, os, pathlib, signal, sys
from workers.running.embedded_postgres import EmbeddedPostgres

async def start():
    process = await EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()
    print(process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(start())
"""

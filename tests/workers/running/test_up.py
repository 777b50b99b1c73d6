"""`koi up` as its user meets it: one command that starts, heals and stops everything."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from commands.runtime.secrets import Secrets
from commands.runtime.services import Services, is_running, read_services
from tests.patience import PATIENCE
from workers.running.ports import free_port
from workers.running.waiting import until

PROGRAMS = {"postgres", "nats", "api", "projector", "workers", "sources", "segments"}


class Up:
    """A running `koi up`, its words, and what other terminals can know of it."""

    def __init__(self, home: Path, process: asyncio.subprocess.Process) -> None:
        self.home = home
        self.process = process
        self.words = ""

    async def says(self, expected: str) -> None:
        """Wait for words on the console."""
        assert self.process.stdout is not None
        while expected not in self.words:
            line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
            assert line, f"it ended before saying {expected!r}:\n{self.words}"
            self.words += line.decode()

    async def ended(self) -> int:
        """Wait for its end; the exit code."""
        told, _ = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        self.words += told.decode()
        return self.process.returncode if self.process.returncode is not None else -1

    @property
    def services(self) -> Services:
        """What it tells other terminals."""
        found = read_services(self.home)
        assert found is not None
        return found

    def all_run(self) -> bool:
        """Whether each of the four is up: a worker may have ended with the server that died before."""
        pids = self.services.pids
        return set(pids) == PROGRAMS and all(psutil.pid_exists(pid) for pid in pids.values())

    def has_another(self, name: str, pid: int) -> bool:
        """Whether a program runs as another process than this one."""
        return self.services.pids.get(name, pid) != pid

    def is_ready(self) -> bool:
        """Whether the API says so."""
        answer = httpx.get(f"http://{self.services.host}:{self.services.port}/readyz", timeout=PATIENCE)
        return answer.status_code == httpx.codes.OK


@asynccontextmanager
async def koi_up(home: Path, *options: str, **settings: str) -> AsyncIterator[Up]:
    """Run `koi up` without the demo; kill what is left of it afterwards."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("KOI_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "workers", "up", "--no-demo", *options),
        env=env | {"KOI_HOME": str(home), "PYTHONUNBUFFERED": "1"} | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    up = Up(home, process)
    try:
        yield up
    finally:
        if process.returncode is None:
            process.kill()
        await up.ended()


def all_gone(pids: dict[str, int]) -> Callable[[], bool]:
    """Whether each of these processes has ended."""

    def gone(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return lambda: all(gone(pid) for pid in pids.values())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that nothing has used yet."""
    return tmp_path / "koi"


async def test_one_command_starts_everything_and_ctrl_c_stops_it(home: Path) -> None:
    """The address and the keys are printed; afterwards nothing runs, and the state stays."""
    async with koi_up(home) as up:
        await up.says("Ctrl-C stops everything.")
        secrets = Secrets.load(home / "secrets.json")
        services = up.services
        assert secrets.admin_key in up.words
        assert f"http://127.0.0.1:{services.port}" in up.words
        assert set(services.pids) == PROGRAMS
        assert up.is_ready()
        up.process.send_signal(signal.SIGINT)
        assert await up.ended() == 0
    assert all_gone(services.pids)()
    assert not is_running(home)
    assert not (home / "run" / "services.json").exists()
    assert (home / "postgres" / "PG_VERSION").exists()


async def test_whatever_dies_runs_again(home: Path) -> None:
    """`kill -9` of any of the four: the same addresses are ready again without anybody's help."""
    async with koi_up(home) as up:
        await up.says("Ctrl-C stops everything.")
        for name in sorted(PROGRAMS):
            assert await until(up.all_run, PATIENCE)
            before = up.services
            psutil.Process(before.pids[name]).kill()
            assert await until(partial(up.has_another, name, before.pids[name]), PATIENCE)
            assert await until(up.is_ready, PATIENCE)
            after = up.services
            assert (after.port, after.database_url, after.nats_url) == (
                before.port,
                before.database_url,
                before.nats_url,
            )


async def test_a_killed_supervisor_leaves_nothing_running_and_the_next_one_goes_on(home: Path) -> None:
    """The keys are the same, and are not printed a second time."""
    async with koi_up(home) as up:
        await up.says("Ctrl-C stops everything.")
        pids = up.services.pids
        up.process.kill()
        await up.process.wait()
    assert not is_running(home)
    async with koi_up(home) as up:
        await up.says("Ctrl-C stops everything.")
        assert await until(all_gone(pids), PATIENCE)
        assert Secrets.load(home / "secrets.json").admin_key not in up.words
        up.process.send_signal(signal.SIGTERM)
        assert await up.ended() == 0


async def test_named_servers_are_used_and_left_alone(home: Path, database: str, nats_url: str) -> None:
    """On a cluster nothing is started that somebody else runs."""
    async with koi_up(home, KOI_DATABASE_URL=database, KOI_NATS_URL=nats_url) as up:
        await up.says("Ctrl-C stops everything.")
        assert set(up.services.pids) == {"api", "projector", "workers", "sources", "segments"}
        assert up.is_ready()
        up.process.send_signal(signal.SIGTERM)
        assert await up.ended() == 0
    assert not (home / "postgres").exists()
    async with await psycopg.AsyncConnection.connect(database) as connection:
        assert await (await connection.execute("SELECT count(*) FROM decision_log")).fetchone() is not None


async def test_a_named_database_that_does_not_answer_is_told_in_words(home: Path, nats_url: str) -> None:
    """Without a traceback, and without its password."""
    nowhere = f"postgresql://koi:hush@127.0.0.1:{free_port(0)}/koi"
    async with koi_up(home, KOI_DATABASE_URL=nowhere, KOI_NATS_URL=nats_url) as up:
        assert await up.ended() == 1
    assert "KOI_DATABASE_URL" in up.words
    assert "Traceback" not in up.words
    assert "hush" not in up.words


async def test_a_second_one_on_the_same_home_is_refused(home: Path) -> None:
    """And the first one is not disturbed."""
    async with koi_up(home) as up:
        await up.says("PostgreSQL 18")
        async with koi_up(home) as second:
            assert await second.ended() == 1
            assert f"process {up.process.pid}" in second.words


async def test_a_named_port_that_is_taken_is_refused_before_anything_starts(home: Path) -> None:
    """With a word on what to do."""
    with socket.create_server(("127.0.0.1", free_port(0))) as other:
        port = other.getsockname()[1]
        async with koi_up(home, "--port", str(port)) as up:
            assert await up.ended() == 1
    assert f"Port {port} is taken" in up.words
    assert "Traceback" not in up.words
    assert not (home / "postgres").exists()


async def test_ctrl_c_during_the_start_stops_what_had_started(home: Path) -> None:
    """Nobody needs to wait for a start in order to stop it."""
    async with koi_up(home) as up:
        await up.says("PostgreSQL 18")
        pid = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
        up.process.send_signal(signal.SIGINT)
        assert await up.ended() == 0
        assert all_gone({"postgres": pid})()

"""First members of 200 segments that go live at once, asked of batch: everybody in a made-up shop, into PostgreSQL."""

import asyncio
import resource
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import psutil

from commands.runtime.event_store import open_event_store
from commands.runtime.migrating import migrate
from domain.kernel.rules.world import World
from projections.batch.lakehouse import Lakehouse
from workers.bench.segment_rules import rules
from workers.bench.tag_data import NOW_MICROS, lakehouse_in, make
from workers.running.embedded_postgres import EmbeddedPostgres
from workers.running.program import halt
from workers.segmenting.filled import take
from workers.segmenting.filling import Batch, Filling, fillable
from workers.segmenting.following import Following, Stored
from workers.segmenting.keeping import Standing
from workers.segmenting.subjects import Subjects
from workers.segmenting.walking import START
from workers.segmenting.watching import Definition, Watch

_NOW: Final = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=NOW_MICROS)
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_EVENTS_EACH: Final = 10
_KEY: Final = b"b" * 32
_MEGABYTE: Final = 1024.0


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What it took; `asking` is the time in which only batch worked, `due` how many have to be looked at some time."""

    people: int
    members: int
    due: int
    seconds: float
    asking_seconds: float
    cpu_seconds: float
    postgres_cpu_seconds: float
    megabytes: float


class _Shop:
    """The made-up shop, where the worker looks for everybody."""

    def __init__(self, lakehouse: Lakehouse) -> None:
        self._lakehouse = lakehouse
        self.turn = asyncio.Lock()

    async def lakehouse(self) -> Lakehouse:
        """Return all data."""
        return self._lakehouse


async def fill(people: int) -> Filled:
    """Make so many people with ten events each, and let 200 segments go live."""
    with tempfile.TemporaryDirectory(prefix="koi-bench-filling-") as name:
        folder = Path(name)
        await asyncio.to_thread(make, folder, people * _EVENTS_EACH)
        async with _postgres(folder / "home") as (url, server):
            return await _measured(url, server, folder)


def told_of_filling(filled: Filled) -> dict[str, float]:
    """Return the lines of the report."""
    return {
        "first members: people": float(filled.people),
        "first members: memberships": float(filled.members),
        "first members: people to look at again some time": float(filled.due),
        "first members: wall, s": filled.seconds,
        "first members: wall of batch alone, s": filled.asking_seconds,
        "first members: CPU, s": filled.cpu_seconds,
        "first members: CPU of PostgreSQL, s": filled.postgres_cpu_seconds,
        "first members: peak memory of the process, MB": filled.megabytes,
    }


async def _measured(url: str, server: psutil.Process, folder: Path) -> Filled:
    watch = Watch([Definition(key=key, version=1, rule=rule) for key, rule in rules().items()], World(zone=_ZONE))
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    async with open_event_store(url, _KEY) as store:
        stored = await Stored.take_over(connection)
        nobody: Any = None  # nobody is judged by herself: nothing happens meanwhile
        following = Following(store, connection, stored, Subjects(connection, stored.registry, nobody), lambda: _NOW)
        begun = [Standing(key=key, version=1, digest="", began_at=_NOW, walked=START) for key in watch.keys]
        following.standings.update({one.key: one for one in begun})
        shop: Any = _Shop(lakehouse_in(folder, World(zone=_ZONE)))
        batch = Batch(store.pool, lambda: shop, lambda: None)
        began, busy, busy_there, asking = time.perf_counter(), time.process_time(), _cpu(server), 0.0
        filling = Filling(batch, fillable(watch, watch.keys, _NOW), START, lambda: _NOW)
        while True:
            waiting = time.perf_counter()
            await filling.answered()
            asking += time.perf_counter() - waiting
            found = filling.ready(following.position)
            if found is None:
                break
            await take(found, following, stored.registry, watch, ())
            filling.taken()
        await filling.close()
        due = await connection.fetchval("SELECT count(*) FROM segmenting.due")
        return Filled(
            people=await connection.fetchval("SELECT count(*) FROM segmenting.person"),
            members=sum(following.membership.size(key) for key in watch.keys),
            due=due,
            seconds=time.perf_counter() - began,
            asking_seconds=asking,
            cpu_seconds=time.process_time() - busy,
            postgres_cpu_seconds=_cpu(server) - busy_there,
            megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE,
        )


@asynccontextmanager
async def _postgres(home: Path) -> AsyncIterator[tuple[str, psutil.Process]]:
    server = EmbeddedPostgres(home)
    process = await server.start()
    try:
        await asyncio.to_thread(migrate, server.url)
        yield server.url, psutil.Process(process.pid)
    finally:
        await halt(process, server)


def _cpu(server: psutil.Process) -> float:
    found = 0.0
    for one in (server, *server.children(recursive=True)):
        times = one.cpu_times()
        found += times.user + times.system
    return found

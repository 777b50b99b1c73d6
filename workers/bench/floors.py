"""Physical floors: what the same machine, server and framework do with nothing of Koi between."""

import asyncio
import socket
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import uvicorn
from litestar import Litestar, Request, post
from litestar.datastructures import State
from psycopg import sql

from commands.runtime.settings import Settings
from workers.bench import posting
from workers.bench.report import Floor

_COMMITS = 300


async def copy_facts(database_url: str, items: int) -> Floor:
    """COPY of the same rows, as CSV from a file, into an equal empty table with the same indexes, one transaction."""
    return await asyncio.to_thread(_copy_facts, database_url, items)


def _copy_facts(database_url: str, items: int) -> Floor:
    with psycopg.connect(database_url) as connection, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        select = sql.SQL("COPY (SELECT * FROM fact_log ORDER BY fact_id LIMIT {}) TO STDOUT (FORMAT CSV)").format(items)
        with path.open("wb") as file, connection.cursor().copy(select) as rows:
            for block in rows:
                file.write(block)
        count = connection.execute("SELECT least(count(*), %s) FROM fact_log", (items,)).fetchone()
        connection.execute("CREATE TABLE floor_facts (LIKE fact_log INCLUDING ALL) PARTITION BY RANGE (recorded_at)")
        connection.execute("CREATE TABLE floor_facts_1 PARTITION OF floor_facts DEFAULT")
        connection.commit()
        began = time.perf_counter()
        with path.open("rb") as file, connection.cursor().copy("COPY floor_facts_1 FROM STDIN (FORMAT CSV)") as copy:
            while block := file.read(1 << 18):
                copy.write(block)
        connection.commit()
        seconds = time.perf_counter() - began
        connection.execute("DROP TABLE floor_facts")
    return Floor("COPY of the same rows into an equal table", (count[0] if count else 0) / seconds, "rows/s")


async def commit_ms(database_url: str) -> float:
    """Return the median time of one durable single-row commit, in milliseconds."""
    return await asyncio.to_thread(_commit_ms, database_url)


def _commit_ms(database_url: str) -> float:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE floor_commit (id int)")
        times = []
        for number in range(_COMMITS):
            began = time.perf_counter()
            connection.execute("INSERT INTO floor_commit VALUES (%s)", (number,))
            times.append(time.perf_counter() - began)
        connection.execute("DROP TABLE floor_commit")
    return statistics.median(times) * 1000


async def bare_route(bodies: Sequence[bytes], connections: int) -> float:
    """Return how many of these requests a second a bare Litestar route takes that only reads the body."""
    return len(bodies) / await _bare(bodies, connections)


async def bare_ms(body: bytes) -> float:
    """Return the time of one request to a bare Litestar route, in milliseconds."""
    return await _bare([body] * _COMMITS, 1) / _COMMITS * 1000


@post("/v1/batch", status_code=200)
async def _take(request: "Request[None, None, State]") -> dict[str, bool]:
    await request.body()
    return {"success": True}


async def _bare(bodies: Sequence[bytes], connections: int) -> float:
    # The protocol is named so that asyncio switches Nagle's algorithm off on what it accepts.
    with socket.socket(proto=socket.IPPROTO_TCP) as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        bare = Litestar([_take], openapi_config=None, logging_config=None)
        config = uvicorn.Config(bare, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:  # noqa: ASYNC110 - this flag is all it says
            await asyncio.sleep(0.01)
        settings = Settings(
            home=Path(),
            database_url="",
            nats_url="",
            lake_url="",
            secrets_file=Path(),
            sources_folder=Path(),
            host="127.0.0.1",
            port=port,
        )
        requests = [posting.request(settings, "/v1/batch", "floor", body) for body in bodies]
        began = time.perf_counter()
        await posting.post_all(settings, requests, connections=connections)
        seconds = time.perf_counter() - began
        server.should_exit = True
        await serving
    return seconds

"""`replay`: customer_360 rebuilt from its events, beside the library's own ProjectionRunner on the same view."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from projections.customer_360.projector import PROJECTION
from projections.engine.rebuild import rebuild
from projections.engine.verify import verify
from workers.bench import history, stock
from workers.bench.ingest import projected
from workers.bench.report import Floor, Report, load
from workers.bench.stack import Stack, running

DEFAULT_ITEMS = 1_000_000
_STOCK_EVENTS = 3_000


async def replay(items: int) -> Report:
    """Measure facts a second from an empty view to the swap, with all of PostgreSQL's work in it."""
    with TemporaryDirectory(prefix="koi-bench-") as folder:
        async with running() as stack:
            await history.imported(stack, await history.written(items, Path(folder)))
            url = stack.settings.database_url
            await projected(stack, await _ask(stack, "SELECT max(notification_id) FROM decision_log"))
            facts = await _facts(stack)
            before, own, began = stack.cpu(), time.process_time(), time.perf_counter()
            await rebuild(url, PROJECTION)
            seconds = time.perf_counter() - began
            cpu = stack.cpu().since(before).seconds + time.process_time() - own
            verified = await verify(url, PROJECTION)
            stock_rate = await asyncio.to_thread(stock.rate, url, _STOCK_EVENTS)
            counted = await _counted(stack)
    rate = facts / seconds
    return Report(
        bench="replay",
        value=rate,
        unit="events/s",
        floor=Floor("the library's stock ProjectionRunner, one upsert an event", stock_rate, "events/s"),
        ratio=rate / stock_rate,
        cpu_ms_per_item=cpu * 1000 / facts,
        items=facts,
        lost=max(0, facts - counted),
        duplicated=max(0, counted - facts),
        seconds=seconds,
        load=load(),
        further={"rebuilt view equals the live one": float(verified.equal)},
    )


async def _facts(stack: Stack) -> int:
    return await _ask(stack, "SELECT count(*) FROM fact_log")


async def _counted(stack: Stack) -> int:
    return await _ask(stack, "SELECT sum(events)::bigint FROM customer_360.activity")


async def _ask(stack: Stack, query: str) -> int:
    connection = await asyncpg.connect(stack.settings.database_url)
    try:
        return int(await connection.fetchval(query) or 0)
    finally:
        await connection.close()

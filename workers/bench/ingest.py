"""`ingest`: batches of 50 events over HTTP, until every view shows them."""

import time

import asyncpg

from projections.engine.waiting import wait_until
from workers.bench import floors, posting, traffic
from workers.bench.report import Report, load, percentile
from workers.bench.stack import Stack, running

DEFAULT_ITEMS = 200_000
_BATCH = 50
_CUSTOMERS = 20_000
_CONNECTIONS = 16
_PROJECTED_SECONDS = 120.0


async def ingest(items: int) -> Report:
    """Measure events a second from the first request to the moment the last view shows the last event."""
    bodies = traffic.batches(items, _BATCH, _CUSTOMERS)
    bare = await floors.bare_route(bodies[: min(len(bodies), 400)], _CONNECTIONS)
    async with running() as stack:
        await _post(stack, traffic.batches(5_000, _BATCH, _CUSTOMERS, seed=3))  # connections, caches, partitions
        key = stack.secrets.write_key
        requests = [posting.request(stack.settings, "/v1/batch", key, _renamed(body)) for body in bodies]
        before, began = stack.cpu(), time.perf_counter()
        answered = await posting.post_all(stack.settings, requests, connections=_CONNECTIONS)
        accepted = time.perf_counter() - began
        await projected(stack, max(one.position for one in answered))
        seconds = time.perf_counter() - began
        cpu = stack.cpu().since(before)
        lost, duplicated = await _accounted(stack, items)
        copy = await floors.copy_facts(stack.settings.database_url, items)
    latencies = [one.seconds * 1000 for one in answered]
    rate = items / seconds
    return Report(
        bench="ingest",
        value=rate,
        unit="events/s, to projected",
        floor=copy,
        ratio=rate / copy.value,
        cpu_ms_per_item=cpu.seconds * 1000 / items,
        p50_ms=percentile(latencies, 0.50),
        p95_ms=percentile(latencies, 0.95),
        p99_ms=percentile(latencies, 0.99),
        items=items,
        lost=lost,
        duplicated=duplicated,
        seconds=seconds,
        load=load(),
        further={"accepted, events/s": items / accepted, "bare Litestar route, events/s": bare * _BATCH}
        | cpu.each(items),
    )


async def projected(stack: Stack, position: int) -> None:
    """Return once every view has reached the position."""
    connection = await asyncpg.connect(stack.settings.database_url)
    try:
        names = [row["name"] for row in await connection.fetch("SELECT name FROM projection_position")]
        for name in names:
            if name != "relay":
                await wait_until(connection, name, position, _PROJECTED_SECONDS)
    finally:
        await connection.close()


async def _post(stack: Stack, bodies: list[bytes]) -> None:
    requests = [posting.request(stack.settings, "/v1/batch", stack.secrets.write_key, body) for body in bodies]
    answered = await posting.post_all(stack.settings, requests, connections=_CONNECTIONS)
    await projected(stack, max(one.position for one in answered))


def _renamed(body: bytes) -> bytes:
    # The warm-up used the same ids, and the same id is the same event.
    return body.replace(b'"messageId":"bench-', b'"messageId":"run-')


async def _accounted(stack: Stack, items: int) -> tuple[int, int]:
    connection = await asyncpg.connect(stack.settings.database_url)
    try:
        facts = await connection.fetchval("SELECT count(*) FROM fact_log")
        counted = await connection.fetchval("SELECT sum(events) FROM customer_360.activity")
    finally:
        await connection.close()
    expected = items + 5_000
    return max(0, expected - min(facts, counted)), max(0, max(facts, counted) - expected)

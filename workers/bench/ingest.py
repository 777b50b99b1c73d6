"""`ingest`: batches of 50 events over HTTP as one family of SDKs sends them, until every view shows them."""

import time
from collections.abc import Sequence

import asyncpg

from projections.engine.waiting import wait_until
from workers.bench import floors, posting, traffic
from workers.bench.families import FAMILIES, Family
from workers.bench.report import Report, load, percentile
from workers.bench.stack import Stack, running
from workers.bench.traffic import Happened

DEFAULT_ITEMS = 200_000
_BATCH = 50
_CUSTOMERS = 20_000
_CONNECTIONS = 16
_WARM_UP = 5_000
_BARE = 400
_PROJECTED_SECONDS = 120.0


async def ingest(items: int, family: str = "segment") -> Report:
    """Measure events a second from the first request to the moment the last view shows the last event."""
    happened = traffic.batches(traffic.happenings(items, _CUSTOMERS, name="run"), _BATCH)
    speaking = FAMILIES[family]
    bare = await floors.bare_route([speaking.body(batch, "floor") for batch in happened[:_BARE]], _CONNECTIONS)
    async with running() as stack:
        # Connections, caches, partitions.
        warming = traffic.batches(traffic.happenings(_WARM_UP, _CUSTOMERS, name="warm", seed=3), _BATCH)
        await projected(stack, max(one.position for one in await _post(stack, _requests(stack, warming, speaking))))
        requests = _requests(stack, happened, speaking)
        before, began = stack.cpu(), time.perf_counter()
        answered = await _post(stack, requests)
        accepted = time.perf_counter() - began
        await projected(stack, max(one.position for one in answered))
        seconds = time.perf_counter() - began
        cpu = stack.cpu().since(before)
        lost, duplicated = await _accounted(stack, items)
        copy = await floors.copy_facts(stack.settings.database_url, items)
    latencies = [one.seconds * 1000 for one in answered]
    rate = items / seconds
    return Report(
        bench=f"ingest {family}",
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


def _requests(stack: Stack, batches: Sequence[Sequence[Happened]], family: Family) -> list[bytes]:
    key = stack.secrets.write_key
    path, shown = family.path.format(key=key), key if family.in_header else None
    return [
        posting.request(stack.settings, path, shown, family.body(batch, key), media_type=family.media_type)
        for batch in batches
    ]


async def _post(stack: Stack, requests: Sequence[bytes]) -> list[posting.Answered]:
    return await posting.post_all(stack.settings, requests, connections=_CONNECTIONS)


async def _accounted(stack: Stack, items: int) -> tuple[int, int]:
    connection = await asyncpg.connect(stack.settings.database_url)
    try:
        facts = await connection.fetchval("SELECT count(*) FROM fact_log")
        counted = await connection.fetchval("SELECT sum(events) FROM customer_360.activity")
    finally:
        await connection.close()
    expected = items + _WARM_UP
    return max(0, expected - min(facts, counted)), max(0, max(facts, counted) - expected)

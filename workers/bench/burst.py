"""`burst`: so many new customers enter a one-step journey at the same moment."""

import time

import msgspec

from workers.bench import floors, journey, posting
from workers.bench.report import Floor, Report, load, percentile
from workers.bench.sink import open_sink
from workers.bench.stack import Stack, running

DEFAULT_ITEMS = 500
_WARM_UP = 50
_CONNECTIONS = 100
_LONGEST_SECONDS = 60.0


async def burst(items: int) -> Report:
    """Measure from the start of the burst to each message at the sink; every customer is a request of his own."""
    async with open_sink() as sink, running({"KOI_WEBHOOK_URL": sink.url}) as stack:
        await journey.launch(stack)
        await _send(stack, [f"warm{number}" for number in range(_WARM_UP)])
        await sink.until(_WARM_UP, _LONGEST_SECONDS)
        markers = [f"new{number}" for number in range(items)]
        before, began = stack.cpu(), time.perf_counter()
        await _send(stack, markers)
        await sink.until(_WARM_UP + items, _LONGEST_SECONDS)
        seconds, cpu = time.perf_counter() - began, stack.cpu().since(before)
        commit = await floors.commit_ms(stack.settings.database_url)
    latencies = [(sink.arrived[marker] - began) * 1000 for marker in markers if marker in sink.arrived]
    body = msgspec.json.encode(journey.added("x"))
    bare = items / await floors.bare_route([body] * items, _CONNECTIONS)
    floor = Floor("as many requests to a bare Litestar route", bare * 1000, "ms")
    last = percentile(latencies, 0.95)
    return Report(
        bench="burst",
        value=last,
        unit="ms to 95% of the messages",
        floor=floor,
        ratio=last / floor.value,
        cpu_ms_per_item=cpu.seconds * 1000 / items,
        p50_ms=percentile(latencies, 0.50),
        p95_ms=last,
        p99_ms=percentile(latencies, 0.99),
        items=items,
        lost=items - len(latencies),
        duplicated=sum(sink.times.values()) - len(sink.times),
        seconds=seconds,
        load=load(),
        further={"journeys/s": len(latencies) / seconds, "one durable commit, ms": commit} | cpu.each(items),
    )


async def _send(stack: Stack, markers: list[str]) -> None:
    key = stack.secrets.write_key
    requests = [
        posting.request(stack.settings, "/v1/track", key, msgspec.json.encode(journey.added(marker)))
        for marker in markers
    ]
    await posting.post_all(stack.settings, requests, connections=_CONNECTIONS)

"""`trigger`: one event posted, one message at the sink, nothing else going on."""

import time

import msgspec

from workers.bench import floors, journey, posting
from workers.bench.report import Floor, Report, load, percentile
from workers.bench.sink import Sink, open_sink
from workers.bench.stack import Stack, running

DEFAULT_ITEMS = 300
_WARM_UP = 20
LONGEST_SECONDS = 10.0


async def triggered(stack: Stack, sink: Sink, marker: str) -> float:
    """Post one event and return how many milliseconds later its message came; the longest there is, if it never did."""
    body = msgspec.json.encode(journey.added(marker))
    request = posting.request(stack.settings, "/v1/track", stack.secrets.write_key, body)
    already, posted = len(sink.arrived), time.perf_counter()
    await posting.post_all(stack.settings, [request], connections=1)
    await sink.until(already + 1, LONGEST_SECONDS)
    return (sink.arrived.get(marker, posted + LONGEST_SECONDS) - posted) * 1000


async def trigger(items: int) -> Report:
    """Measure the time from the first byte of the request to the message at the sink, one event at a time."""
    async with open_sink() as sink, running({"KOI_WEBHOOK_URL": sink.url}) as stack:
        await journey.launch(stack)
        latencies = []
        before, began = stack.cpu(), 0.0
        for number in range(-_WARM_UP, items):
            if number == 0:
                before, began = stack.cpu(), time.perf_counter()
            latency = await triggered(stack, sink, f"one{number}")
            if number >= 0 and latency < LONGEST_SECONDS * 1000:
                latencies.append(latency)
        seconds, cpu = time.perf_counter() - began, stack.cpu().since(before)
        commit = await floors.commit_ms(stack.settings.database_url)
    bare = await floors.bare_ms(msgspec.json.encode(journey.added("floor")))
    # Three decisions have to be on disk before the message goes out: the fact, the walk, the dispatch.
    floor = Floor("three durable commits and one bare Litestar route", 3 * commit + bare, "ms")
    median = percentile(latencies, 0.50)
    return Report(
        bench="trigger",
        value=median,
        unit="ms at the median",
        floor=floor,
        ratio=median / floor.value,
        cpu_ms_per_item=cpu.seconds * 1000 / items,
        p50_ms=median,
        p95_ms=percentile(latencies, 0.95),
        p99_ms=percentile(latencies, 0.99),
        items=items,
        lost=items - len(latencies),
        duplicated=sum(sink.times.values()) - len(sink.times),
        seconds=seconds,
        load=load(),
        further={"one durable commit, ms": commit, "one bare request, ms": bare} | cpu.each(items),
    )

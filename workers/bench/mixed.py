"""`mixed`: one event posted, one message at the sink, again and again, while a back-fill runs beside it."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from workers.bench import floors, history, journey
from workers.bench.backfill import ask
from workers.bench.ingest import projected
from workers.bench.report import Floor, Report, load, percentile
from workers.bench.sink import Sink, open_sink
from workers.bench.stack import BenchError, Stack, running
from workers.bench.trigger import LONGEST_SECONDS, triggered

DEFAULT_ITEMS = 2_000_000
_WARM_UP = 20


async def mixed(items: int) -> Report:
    """Measure the time from request to message until the last of so many facts is in log, profiles and lake."""
    with TemporaryDirectory(prefix="koi-bench-") as folder:
        file = await history.written(items, Path(folder))
        async with open_sink() as sink, running({"KOI_WEBHOOK_URL": sink.url}) as stack:
            await journey.launch(stack)
            idle = [await triggered(stack, sink, f"idle{number}") for number in range(_WARM_UP)]
            before, began = stack.cpu(), time.perf_counter()
            importing = await history.importing(stack, file)
            filling = asyncio.create_task(_filled(stack, importing))
            latencies, lost = await _triggers(stack, sink, filling)
            seconds, cpu = time.perf_counter() - began, stack.cpu().since(before)
            facts = await ask(stack, "SELECT count(*) FROM fact_log WHERE source = 'behaviour'")
            commit = await floors.commit_ms(stack.settings.database_url)
    p99 = percentile(latencies, 0.99)
    floor = Floor("the median of the same while nothing else went on", percentile(idle, 0.50), "ms")
    return Report(
        bench="mixed",
        value=p99,
        unit="ms for 99 of 100 messages",
        floor=floor,
        ratio=p99 / floor.value,
        cpu_ms_per_item=cpu.seconds * 1000 / items,
        p50_ms=percentile(latencies, 0.50),
        p95_ms=percentile(latencies, 0.95),
        p99_ms=p99,
        items=len(latencies),
        lost=lost + max(0, items - facts),
        duplicated=sum(sink.times.values()) - len(sink.times) + max(0, facts - items),
        seconds=seconds,
        load=load(),
        further={
            "facts back-filled meanwhile": float(facts),
            "facts/s meanwhile, to log, profiles and lake": facts / seconds,
            "slowest message, ms": max(latencies),
            "one durable commit, ms": commit,
        },
    )


async def _filled(stack: Stack, importing: asyncio.subprocess.Process) -> None:
    told, _ = await importing.communicate()
    if importing.returncode:
        raise BenchError(f"the back-fill failed: {told.decode(errors='replace')[-500:]}")
    await projected(stack, await ask(stack, "SELECT max(notification_id) FROM decision_log"))


async def _triggers(stack: Stack, sink: Sink, filling: "asyncio.Task[None]") -> tuple[list[float], int]:
    """Return the latencies in milliseconds, and how many messages never came."""
    latencies, number = [], 0
    while not filling.done():
        latencies.append(await triggered(stack, sink, f"one{number}"))
        number += 1
    await filling
    lost = sum(latency >= LONGEST_SECONDS * 1000 for latency in latencies)
    return latencies, lost

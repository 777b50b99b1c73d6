"""`backfill`: facts from a file to log, profiles and lake."""

import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from workers.bench import floors, history
from workers.bench.ingest import projected
from workers.bench.report import Report, load
from workers.bench.stack import Stack, running

DEFAULT_ITEMS = 1_000_000


async def backfill(items: int) -> Report:
    """Measure facts a second from opening the file to the moment every view, the lake among them, shows the last."""
    with TemporaryDirectory(prefix="koi-bench-") as folder:
        file = await history.written(items, Path(folder))
        async with running() as stack:
            before, own, began = stack.cpu(), time.process_time(), time.perf_counter()
            report = await history.imported(stack, file)
            logged = time.perf_counter() - began
            await projected(stack, await _ask(stack, "SELECT max(notification_id) FROM decision_log"))
            seconds = time.perf_counter() - began
            used, importer = stack.cpu().since(before), time.process_time() - own
            facts = await _ask(stack, "SELECT count(*) FROM fact_log")
            counted = await _ask(stack, "SELECT sum(events)::bigint FROM customer_360.activity")
            in_lake = await _ask(stack, "SELECT sum(rows)::bigint FROM lake.file WHERE kind = 'facts'")
            copy = await floors.copy_facts(stack.settings.database_url, items)
    rate = items / seconds
    return Report(
        bench="backfill",
        value=rate,
        unit="facts/s, to log, profiles and lake",
        floor=copy,
        ratio=rate / copy.value,
        cpu_ms_per_item=(used.seconds + importer) * 1000 / items,
        items=items,
        lost=max(0, items - min(facts, counted, in_lake)),
        duplicated=max(0, max(facts, counted, in_lake) - items),
        seconds=seconds,
        load=load(),
        further={
            "to the log alone, facts/s": items / logged,
            "customers": float(report.customers),
            "importer's memory at most, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "CPU of importer, ms an item": importer * 1000 / items,
        }
        | used.each(items),
    )


async def _ask(stack: Stack, query: str) -> int:
    connection = await asyncpg.connect(stack.settings.database_url)
    try:
        return int(await connection.fetchval(query) or 0)
    finally:
        await connection.close()

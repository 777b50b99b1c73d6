"""`backfill`: facts from a file to log, profiles and lake."""

import asyncio
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from workers.bench import floors, history
from workers.bench.ingest import projected
from workers.bench.report import Report, load
from workers.bench.stack import Stack, memory, running
from workers.connectors.facts import ROWS

DEFAULT_ITEMS = 1_000_000
_LOOK_SECONDS = 0.2


async def backfill(items: int, *, kill: bool = False) -> Report:
    """Measure facts a second from opening the file to the moment every view, the lake among them, shows the last.

    With `kill` the importer is killed in the middle (SIGKILL), and another one goes on.
    """
    with TemporaryDirectory(prefix="koi-bench-") as folder:
        file = await history.written(items, Path(folder))
        async with running() as stack, memory(stack) as peaks:
            before, own, began = stack.cpu(), time.process_time(), time.perf_counter()
            killed_at = await _killed(stack, file, items) if kill else 0
            report = await history.imported(stack, file)
            logged = time.perf_counter() - began
            await projected(stack, await ask(stack, "SELECT max(notification_id) FROM decision_log"))
            seconds = time.perf_counter() - began
            used, importer = stack.cpu().since(before), time.process_time() - own
            facts = await ask(stack, "SELECT count(*) FROM fact_log")
            counted = await ask(stack, "SELECT sum(events)::bigint FROM customer_360.activity")
            in_lake = await ask(stack, "SELECT sum(rows)::bigint FROM lake.file WHERE kind = 'facts'")
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
        further=({"killed after so many facts": float(killed_at)} if kill else {})
        | {
            "to the log alone, facts/s": items / logged,
            "customers": float(report.customers),
            "importer's memory at most, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "CPU of importer, ms an item": importer * 1000 / items,
        }
        | used.each(items)
        | {f"memory of {name} at most, MiB": peak for name, peak in peaks.items()},
    )


async def _killed(stack: Stack, file: Path, items: int) -> int:
    """Let another process import half of the file, and kill it there; return how many facts it got through."""
    importing = await history.importing(stack, file)
    done = 0
    while importing.returncode is None and done < items // 2:
        await asyncio.sleep(_LOOK_SECONDS)
        done = await ask(stack, "SELECT count(*) FROM decision_log WHERE topic = 'facts.sealed.v1'") * ROWS
    importing.kill()
    await importing.wait()
    return await ask(stack, "SELECT count(*) FROM fact_log")


async def ask(stack: Stack, query: str) -> int:
    """Return the number a query gives; 0 for null."""
    connection = await asyncpg.connect(stack.settings.database_url)
    try:
        return int(await connection.fetchval(query) or 0)
    finally:
        await connection.close()

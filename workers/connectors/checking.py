"""Say what an import of a file would do, compared with what is known; nothing is written."""

import time
from pathlib import Path
from typing import Any

import duckdb

from domain.ingestion.mapping import Mapping
from workers.connectors.broken import unusable
from workers.connectors.destination import Destination
from workers.connectors.engine import open_engine
from workers.connectors.importing import counted, looked_up
from workers.connectors.loading import Before, Loaded, load
from workers.connectors.persons import teach
from workers.connectors.plan import currency_of_file
from workers.connectors.report import FileReport
from workers.connectors.snapshots import last_snapshot
from workers.connectors.source_file import fetch
from workers.connectors.taken import Taken
from workers.connectors.taking_facts import settling_of
from workers.connectors.threads import in_engine, in_thread


async def check_against(address: str, mapping: Mapping, into: Destination, *, base: Path) -> FileReport:
    """Return what would become of the file at an address.

    Raises:
        SourceFileError: the file would be refused.
        MappingError: the mapping does not fit the file.
    """
    began, suppressions = time.monotonic(), into.store.suppressions
    with open_engine(into.home) as (engine, folder):
        file = await in_thread(fetch, address, mapping.file_form, folder)
        report = await looked_up(file, mapping, into)
        if report.outcome == "imported":
            report.outcome = "checked"
            teach(engine, into.describing.cleaner, mapping.source, currency_of_file(mapping))
            places: dict[str, Any] = {"base": base, "folder": folder, "naming": into.naming}
            last = await last_snapshot(mapping, file.sha256, into, folder)
            before = Before(suppressed=suppressions.ids, last=last)
            loaded = await in_engine(engine, load, engine, mapping, file, **places, before=before)
            report.noted(await _would_take(engine, loaded, into))
            counted(engine, loaded, report)
            for _ in report.refuse(unusable(engine, loaded)):
                pass
    report.seconds = time.monotonic() - began
    return report


async def _would_take(engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination) -> Taken:
    settling = await settling_of(engine, loaded, into) if loaded.plan.mapping.row == "fact" else None
    if settling:
        await settling.compare()
    items = 0
    for chunk in range(loaded.facts.chunks):
        items += await in_engine(engine, loaded.facts.make, chunk)
        await in_engine(engine, loaded.facts.newcomers)
        if loaded.plan.mapping.tags:
            loaded.asides.look(body for (body,) in engine.execute("SELECT body FROM facts").fetchall())
        if settling:
            await settling.chunk(None)
    if loaded.snapshot:
        unchanged = loaded.snapshot.unchanged
        return Taken(items=items + unchanged, unchanged=unchanged, left=loaded.snapshot.left)
    if settling is None:
        return Taken(items=items)
    so_far = settling.so_far
    withdrawn = so_far.withdrawn + settling.vanished
    return Taken(items=items, unchanged=so_far.unchanged, elsewhere=so_far.elsewhere, withdrawn=withdrawn)

"""Import one file: look whether it is known, load it, take it chunk by chunk, keep what was refused, say so once."""

import time
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from commands.activity.file_versions import is_superseded, versions
from commands.activity.import_facts import known
from commands.activity.record_file import RecordFile, record_file
from commands.identity.describing import Describing
from commands.runtime.locking import locked
from commands.runtime.suppressions import SuppressionsMovedError
from domain.activity.sealing import file_stream
from domain.identity.claim import CustomerErasedError
from domain.identity.naming import Naming
from domain.ingestion.mapping import Mapping
from workers.connectors.broken import quarantined, unusable
from workers.connectors.destination import Destination
from workers.connectors.engine import count, open_engine
from workers.connectors.errors import SourceFileError
from workers.connectors.loading import Before, Loaded, load
from workers.connectors.persons import teach
from workers.connectors.plan import currency_of_file
from workers.connectors.progress import Nobody, Watch
from workers.connectors.report import FileReport
from workers.connectors.snapshots import forget_older, keep_snapshot, last_snapshot
from workers.connectors.source_file import SourceFile, fetch, stamped, version_of
from workers.connectors.taking_facts import take_facts
from workers.connectors.taking_others import take_campaigns, take_customers, take_offers
from workers.connectors.threads import in_engine, in_thread

_ENTRIES_AT_ONCE = 1_000
_SUPERSEDED = (
    "a later version of this file was imported, so this one says nothing any more; to go back to it, deliver it with "
    "any change, such as an empty line at its end"
)
_TAKE = {"fact": take_facts, "customer": take_customers, "campaign": take_campaigns, "offer": take_offers}


async def import_file(
    address: str,
    mapping: Mapping,
    into: Destination,
    *,
    base: Path,
    watch: Watch | None = None,
    stamp: str | None = None,
) -> FileReport:
    """Import the file at an address (`base` is where the mapping lies); one that was imported before changes nothing.

    `stamp` is what the file looked like when it was found complete: it has to be the same still.

    Raises:
        SourceFileError: the file cannot be read, most of it is broken, or contradicts what it told before in too much;
            nothing was written then.
        MappingError: the mapping does not fit the file.
    """
    began = time.monotonic()
    while True:
        try:
            # Two versions of a file at once would both be compared with what neither had written yet.
            async with locked(into.store.pool, f"koi import {mapping.identity}"):
                report = await _import(address, mapping, into, base=base, watch=watch or Nobody(), stamp=stamp)
        except (SuppressionsMovedError, CustomerErasedError):
            # Somebody was erased while this ran: what is written stays, the rest is looked at again.
            await into.store.suppressions.refresh()
        else:
            report.seconds = time.monotonic() - began
            return report


async def _import(
    address: str, mapping: Mapping, into: Destination, *, base: Path, watch: Watch, stamp: str | None
) -> FileReport:
    suppressions = into.store.suppressions
    with open_engine(into.home) as (engine, folder):
        file = await in_thread(fetch, address, mapping.file_form, folder)
        report = await looked_up(file, mapping, into)
        if report.outcome == "imported":
            teach(engine, into.describing.cleaner, mapping.source, currency_of_file(mapping))
            places: dict[str, Any] = {"base": base, "folder": folder, "naming": into.naming}
            last = await last_snapshot(mapping, file.sha256, into, folder)
            before = Before(suppressed=suppressions.ids, known=suppressions.position, last=last)
            loaded = await in_engine(engine, load, engine, mapping, file, **places, before=before)
            if stamp is not None and await in_thread(stamped, address, mapping.file_form) != stamp:
                raise SourceFileError(f"{file.name} changed while it was read: it is looked at again", field="file")
            watch.begin(file.name, loaded.raw.rows)
            taken = await _TAKE[mapping.row](engine, loaded, into, watch)
            report.noted(taken)
            if loaded.snapshot:
                await keep_snapshot(engine, mapping, file.sha256, into, folder)
            await _finish(engine, loaded, into, report)
            if loaded.snapshot:
                await forget_older(mapping, file.sha256, into)
    return report


async def looked_up(file: SourceFile, mapping: Mapping, into: Destination) -> FileReport:
    """Return the report of a file as far as it is known: `imported` stands for one that is still to be."""
    report = FileReport(file=file.name, row=mapping.row, outcome="imported", sha256=file.sha256)
    pool, name = into.store.pool, version_of(mapping, file)
    stream = file_stream(mapping.identity, file.sha256)
    if name and is_superseded(await versions(pool, mapping.identity, name), file.sha256):
        report.outcome, report.reason = "superseded", _SUPERSEDED
    elif stream in await known(pool, [stream]):
        report.outcome = "known"
    return report


def check_file(address: str, mapping: Mapping, *, base: Path, home: Path, naming: Naming) -> FileReport:
    """Say what an import would do; nothing is written.

    Raises:
        SourceFileError: the file cannot be read.
        MappingError: the mapping does not fit the file.
    """
    began = time.monotonic()
    with open_engine(home) as (engine, folder):
        file = fetch(address, mapping.file_form, folder)
        report = FileReport(file=file.name, row=mapping.row, outcome="checked", sha256=file.sha256)
        teach(engine, Describing.of_home(home).cleaner, mapping.source, currency_of_file(mapping))
        loaded = load(engine, mapping, file, base=base, folder=folder, naming=naming)
        for chunk in range(loaded.facts.chunks):
            report.items += loaded.facts.make(chunk)
            loaded.facts.newcomers()
            loaded.asides.look(body for (body,) in engine.execute("SELECT body FROM facts").fetchall())
        counted(engine, loaded, report)
        for _ in report.refuse(unusable(engine, loaded)):
            pass
    report.seconds = time.monotonic() - began
    return report


async def _finish(engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination, report: FileReport) -> None:
    """Keep what was refused, then record the file: as long as it is not recorded, all of this can be repeated."""
    counted(engine, loaded, report)
    source = loaded.plan.mapping.source
    about = {"mapping": loaded.plan.mapping.identity, "file": loaded.raw.file.name}
    entries = iter(report.refuse(unusable(engine, loaded)))
    while some := await in_engine(engine, lambda: list(islice(entries, _ENTRIES_AT_ONCE))):
        await into.quarantine.put(source, some, came_by="file", about=about)
    file = loaded.raw.file
    command = RecordFile(
        origin=loaded.plan.mapping.identity,
        source=source,
        file_name=file.name,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        rows=report.rows,
        facts=report.recorded if report.row == "fact" else 0,
        customers=report.customers,
        duplicates=report.duplicates + report.elsewhere,
        quarantined=report.quarantined,
        version_of=loaded.version_of,
    )
    await record_file(into.store, command, by=into.by)


def counted(engine: duckdb.DuckDBPyConnection, loaded: Loaded, report: FileReport) -> None:
    """What is known once every chunk was made; the same after an interruption."""
    report.rows = loaded.raw.rows + len(loaded.raw.rejected())
    report.customers = count(engine, "SELECT count(DISTINCT who) FROM seen")
    report.duplicates = loaded.duplicates
    report.suppressed = loaded.suppressed
    report.quarantined = quarantined(engine, loaded)
    report.unmapped_tags = dict(loaded.asides.unmapped)

"""The kind `file`: a source is a mapping, and every file in the place it names is taken once it is complete."""

import asyncio
from datetime import timedelta

import msgspec

from commands.runtime.sources import Source, settings_of
from domain.ingestion.mapping import Mapping
from domain.ingestion.mapping_reading import parse
from workers.connectors.checking import check_against
from workers.connectors.errors import SourceFileError
from workers.connectors.importing import import_file
from workers.connectors.places import beside, put_whole
from workers.connectors.report import FileReport
from workers.sources.declared import declaration
from workers.sources.kind import Came, Means
from workers.sources.watching import Found, is_complete, is_settled, look, note, noted_files, waiting

# Nothing was done about these: they were known before.
_OLD = frozenset({"known"})


class Files:
    """Watched places."""

    def __init__(self) -> None:
        """Take one file at a time: an import has the memory of one."""
        self._one = asyncio.Lock()

    def interval(self, source: Source) -> timedelta:
        """How often to look for new files."""
        return timedelta(seconds=_mapping(source).watch.every)

    async def check(self, source: Source, means: Means) -> Came:
        """Read the files, complete or not, and say what would become of each."""
        mapping, base = _mapping(source), source.file.parent
        reports = []
        for found in await asyncio.to_thread(look, mapping, base):
            try:
                reports.append(await check_against(found.address, mapping, means.into, base=base))
            except SourceFileError as error:
                reports.append(_refused(found, mapping, error))
        return _came(reports, [])

    async def run(self, source: Source, means: Means) -> Came:
        """Take what is new and complete; a file that cannot be read is put aside with its reason."""
        mapping, base, pool = _mapping(source), source.file.parent, means.store.pool
        noted, declared = await noted_files(pool, source.name), declaration(source)
        reports, incomplete = [], []
        for found in await asyncio.to_thread(look, mapping, base):
            before = noted.get(found.address)
            if is_settled(found, before, declared):
                continue
            if not is_complete(found, before, mapping.watch.marker):
                await note(pool, source.name, found, "seen", declared)
                incomplete.append(found.name)
                continue
            async with self._one:
                report = await _taken(found, mapping, source, means)
            state = "refused" if report.outcome == "refused" else "taken"
            # After the report: whoever dies between the two finds the file known, and reports it again.
            await self._report(report, mapping, source)
            await note(pool, source.name, found, state, declared, sha256=report.sha256, reason=report.reason)
            reports.append(report)
        return _came(reports, waiting(incomplete))

    async def _report(self, report: FileReport, mapping: Mapping, source: Source) -> None:
        if outbox := mapping.watch.outbox:
            name = f"{report.file}.{report.sha256[:8] or 'unread'}.report.json"
            address = f"{beside(outbox, source.file.parent).rstrip('/')}/{name}"
            content = msgspec.json.format(msgspec.json.encode(report), indent=2)
            await asyncio.to_thread(put_whole, address, content, mapping.file_form.options)


async def _taken(found: Found, mapping: Mapping, source: Source, means: Means) -> FileReport:
    try:
        return await import_file(
            found.address, mapping, means.into, base=source.file.parent, watch=means.watch, stamp=found.stamp
        )
    except SourceFileError as error:
        return _refused(found, mapping, error)


def _refused(found: Found, mapping: Mapping, error: SourceFileError) -> FileReport:
    return FileReport(file=found.name, row=mapping.row, outcome="refused", sha256="", reason=error.detail)


def _mapping(source: Source) -> Mapping:
    """Return the mapping, with the secrets of its place."""
    mapping = parse(dict(source.table))
    form = mapping.file_form
    if not form.options:
        return mapping
    kept = msgspec.structs.replace(source, table=form.options)
    options = settings_of(kept, dict[str, str | int | bool])
    return msgspec.structs.replace(mapping, file=msgspec.structs.replace(form, options=options))


def _came(reports: list[FileReport], notes: list[str]) -> Came:
    new = [report for report in reports if report.outcome not in _OLD]
    return Came(
        read=sum(file.rows for file in new),
        accepted=sum(file.recorded for file in new),
        duplicates=sum(file.duplicates + file.elsewhere + file.unchanged for file in new),
        quarantined=sum(file.quarantined for file in new),
        files=new,
        notes=notes,
    )

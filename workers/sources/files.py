"""Files of a mapping, wherever they lie."""

import asyncio
from datetime import timedelta
from pathlib import Path

from commands.runtime.sources import Source
from domain.ingestion.mapping import Mapping
from domain.ingestion.mapping_reading import parse
from workers.connectors.errors import NoSuchFileError
from workers.connectors.importing import check_file, import_file
from workers.connectors.report import FileReport
from workers.connectors.source_file import locate
from workers.sources.kind import Came, Means


class Files:
    """The kind `file`: a source is a mapping, and every file it names is taken once."""

    def __init__(self) -> None:
        """Take one file at a time: an import has the memory of one."""
        self._one = asyncio.Lock()

    def interval(self, source: Source) -> timedelta:
        """How often to look for new files."""
        return timedelta(seconds=_mapping(source).watch.every)

    async def check(self, source: Source, means: Means) -> Came:
        """Read the files, and say what would become of them."""
        mapping, base = _mapping(source), source.file.parent
        files = []
        for address in await _addresses(mapping, base):
            into = means.into
            checked = asyncio.to_thread(check_file, address, mapping, base=base, home=into.home, naming=into.naming)
            files.append(await checked)
        return _came(files)

    async def run(self, source: Source, means: Means) -> Came:
        """Take the files that are new."""
        mapping, base = _mapping(source), source.file.parent
        files = []
        for address in await _addresses(mapping, base):
            async with self._one:
                files.append(await import_file(address, mapping, means.into, base=base, watch=means.watch))
        return _came(files)


async def _addresses(mapping: Mapping, base: Path) -> list[str]:
    try:
        return await asyncio.to_thread(locate, mapping.file_form, base)
    except NoSuchFileError:
        return []  # nothing was delivered yet


def _mapping(source: Source) -> Mapping:
    return parse(dict(source.table))


def _came(files: list[FileReport]) -> Came:
    new = [file for file in files if file.outcome != "known"]
    return Came(
        read=sum(file.rows for file in new),
        accepted=sum(file.items for file in new),
        duplicates=sum(file.duplicates for file in new),
        quarantined=sum(file.quarantined for file in new),
        files=new,
    )

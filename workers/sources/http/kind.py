"""The kind `http`: a system's pages become JSON lines, and those go the way of every file."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from commands.activity.source_runs import recall, remember
from commands.runtime.sources import Source
from workers.connectors.importing import check_file, import_file
from workers.connectors.report import FileReport
from workers.sources.http.declaration import Declared, declared
from workers.sources.http.pages import SystemBusyError, pages
from workers.sources.kind import Came, Means

_ROWS_A_FILE: Final = 50_000
_REACHED: Final = "since"
_LAST: Final = "last pull"
_encode = msgspec.json.Encoder().encode


class _Pull(msgspec.Struct, frozen=True):
    """What was pulled last (its digest), named by all that was pulled before it as well.

    A system that goes back to a former state is no file known before; a run that begins anew is.
    """

    digest: str = ""
    chain: str = ""

    def after(self, digest: str) -> "_Pull":
        """Return the pull that follows with this content."""
        return _Pull(digest, hashlib.sha256(f"{self.chain} {digest}".encode()).hexdigest())


class Http:
    """Systems that are asked: what changed since the last time, or everything."""

    def interval(self, source: Source) -> timedelta:
        """How often the system is asked."""
        return declared(source).interval

    async def check(self, source: Source, means: Means) -> Came:
        """Ask for the first page, and say what would become of its rows."""
        said = declared(source)
        since = await _since(said, means)
        with _folder(means, f"{said.name}.check") as folder:
            async with _client(said) as client:
                async for rows in pages(said, since, client):
                    file = str(_written(folder, 0, rows))
                    home, naming, base = means.into.home, means.into.naming, source.file.parent
                    report = await asyncio.to_thread(
                        check_file, file, said.mapping, base=base, home=home, naming=naming
                    )
                    return _came([report], [f"the first page has {len(rows)} rows"])
        return Came()

    async def run(self, source: Source, means: Means) -> Came:
        """Take what changed; how far it came is remembered once all of it is history."""
        said = declared(source)
        since = await _since(said, means)
        last = msgspec.convert(await recall(means.store.pool, said.name, _LAST) or {}, _Pull)
        reports, newest, digest = list[FileReport](), since, hashlib.sha256(said.mapping.identity.encode())
        with _folder(means, said.name) as folder:
            try:
                async with _client(said) as client:
                    number = 0
                    async for rows in _together(pages(said, since, client)):
                        newest = _newest(said, rows, newest)
                        file = _written(folder, number, rows)
                        digest.update(file.read_bytes())
                        number += 1
                        if digest.hexdigest() != last.digest:
                            reports.append(await _taken(file, said, source, means, last.after(digest.hexdigest())))
                        file.unlink()
            except SystemBusyError as error:
                came = _came(reports, [error.detail])
                came.again_in = timedelta(seconds=error.seconds)
                return came
        await remember(means.store.pool, said.name, _REACHED, newest)
        if digest.hexdigest() != last.digest:
            await remember(means.store.pool, said.name, _LAST, last.after(digest.hexdigest()))
        return _came(reports, [f"until {newest}"] if newest else [])


async def _taken(file: Path, said: Declared, source: Source, means: Means, pull: _Pull) -> FileReport:
    name = f"{said.mapping.name or said.mapping.row} {pull.chain[:16]}"
    mapping = msgspec.structs.replace(said.mapping, name=name, keyed_as=said.mapping.identity)
    return await import_file(str(file), mapping, means.into, base=source.file.parent, watch=means.watch)


async def _since(said: Declared, means: Means) -> str:
    if said.settings.since is None:
        return ""
    reached = await recall(means.store.pool, said.name, _REACHED)
    return str(reached or said.settings.since.first)


def _newest(said: Declared, rows: list[dict[str, Any]], known: str) -> str:
    """Return the newest change among the rows: numbers by size, texts (ISO 8601 of one zone) by their order."""
    if said.settings.since is None:
        return ""
    field = said.settings.since.field
    found = [str(row[field]) for row in rows if isinstance(row.get(field), str | int)]
    return max([known, *found], key=_order)


def _order(moment: str) -> tuple[int, int, str]:
    is_number = moment.isascii() and moment.isdigit()
    return (int(is_number), int(moment) if is_number else 0, moment)


async def _together(each: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield pages together, as many as make a file."""
    waiting: list[dict[str, Any]] = []
    async for rows in each:
        waiting += rows
        if len(waiting) >= _ROWS_A_FILE:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _written(folder: Path, number: int, rows: list[dict[str, Any]]) -> Path:
    file = folder / f"rows-{number:06}.jsonl"
    file.write_bytes(b"".join(_encode(row) + b"\n" for row in rows))
    return file


@contextmanager
def _folder(means: Means, name: str) -> Iterator[Path]:
    """What was pulled lies here for a moment, readable by us alone; what a killed run left goes first."""
    folder = means.into.home / "pulls" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _client(said: Declared) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=said.settings.timeout)


def _came(reports: list[FileReport], notes: list[str]) -> Came:
    return Came(
        read=sum(report.rows for report in reports),
        accepted=sum(report.items for report in reports),
        duplicates=sum(report.duplicates for report in reports),
        quarantined=sum(report.quarantined for report in reports),
        files=reports,
        notes=notes,
    )

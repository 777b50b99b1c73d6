"""Build all tags of everybody: wide Parquet, a file a part, and a manifest once all of them are there.

Files lie in `tags/<catalogue>/<instant>/`. A run that ended early goes on with the parts that are missing.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from domain.kernel.rules.tree import Value
from projections.batch.compiling.compiled import Kind
from projections.batch.lakehouse import Lakehouse
from projections.batch.loading import DuckEngine
from projections.batch.place import TAGS
from projections.batch.running import Engines, parts_of
from projections.lake.store import UrlStore

T = TypeVar("T")

_MANIFEST: Final = "manifest.json"
_BEGUN: Final = "begun.json"
# Told after each part: how many of how many are built.
Watch = Callable[[int, int], None]


class Definitions(msgspec.Struct, frozen=True):
    """The (resolved) values of tags by key, and the kind of value that each is declared to have."""

    values: Mapping[str, Value]
    kinds: Mapping[str, Kind]

    @property
    def digest(self) -> str:
        """What these definitions are known by: others build other files."""
        written = msgspec.json.encode((self.values, self.kinds), order="deterministic")
        return hashlib.sha256(written).hexdigest()[:16]


class PartFile(msgspec.Struct, frozen=True):
    """A file of a build: its part (how the ids of its profiles begin), path below the lake, rows and digest."""

    part: str
    path: str
    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """A finished build: as of which instant and position of the log, by which definitions, and its files.

    `position` is that of the first attempt: of what came later, parts that were built by a later one may know more.
    `refused` says of tags why they are kept out.
    """

    instant: datetime
    catalogue: str
    position: int
    kinds: Mapping[str, Kind]
    files: tuple[PartFile, ...]
    refused: Mapping[str, str] = {}

    @property
    def rows(self) -> int:
        """How many people."""
        return sum(file.rows for file in self.files)


class _Begun(msgspec.Struct, frozen=True):
    position: int


def _unwatched(_done: int, _of: int) -> None:
    pass


async def build_tags(
    lakehouse: Lakehouse,
    definitions: Definitions,
    now: datetime,
    store: UrlStore,
    *,
    watch: Watch = _unwatched,
    engines: Engines = DuckEngine,
) -> Manifest:
    """Build the tags as of an instant (UTC); returns the manifest, at once if the build is finished already."""
    folder = f"{TAGS}/{definitions.digest}/{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    finished: Manifest | None = await asyncio.to_thread(_read, store, f"{folder}/{_MANIFEST}", Manifest)
    if finished is not None:
        return finished
    begun = await asyncio.to_thread(_begin, store, folder, lakehouse.position)
    done = await asyncio.to_thread(_done, store, folder, lakehouse.parts)
    watch(len(done), len(lakehouse.parts))
    missing = [part for part in lakehouse.parts if part not in done]
    if missing:
        running = parts_of(
            lakehouse, now, values=definitions.values, kinds=definitions.kinds, only=missing, engines=engines
        )
        async with aclosing(running) as parts:
            async for part in parts:
                done[part.name] = await asyncio.to_thread(
                    _write, store, _path(folder, part.name), part.table, part.name
                )
                watch(len(done), len(lakehouse.parts))
    files = tuple(done[part] for part in lakehouse.parts)
    manifest = Manifest(now, definitions.digest, begun.position, definitions.kinds, files)
    await asyncio.to_thread(_put, store, f"{folder}/{_MANIFEST}", manifest)
    return manifest


def keep(store: UrlStore, manifest: Manifest) -> None:
    """Write the manifest of a build anew. Blocks."""
    _put(store, f"{TAGS}/{manifest.catalogue}/{manifest.instant:%Y%m%dT%H%M%S%fZ}/{_MANIFEST}", manifest)


def builds(store: UrlStore, catalogue: str | None = None) -> list[Manifest]:
    """Return the finished builds, the latest first; those of some definitions, if a digest is given. Blocks."""
    root = store.path(f"{TAGS}/{catalogue}" if catalogue else TAGS)
    try:
        paths: Sequence[str] = store.filesystem.find(root)
    except FileNotFoundError:
        return []
    found = [
        msgspec.json.decode(store.filesystem.cat_file(path), type=Manifest)
        for path in paths
        if path.endswith(f"/{_MANIFEST}")
    ]
    return sorted(found, key=lambda one: one.instant, reverse=True)


def _begin(store: UrlStore, folder: str, position: int) -> _Begun:
    begun: _Begun | None = _read(store, f"{folder}/{_BEGUN}", _Begun)
    if begun is None:
        begun = _Begun(position)
        _put(store, f"{folder}/{_BEGUN}", begun)
    return begun


def _done(store: UrlStore, folder: str, parts: Sequence[str]) -> dict[str, PartFile]:
    """Return the parts that an earlier attempt built; a file is there whole or not at all."""
    found: dict[str, PartFile] = {}
    for part in parts:
        path = _path(folder, part)
        sha256 = store.sha256(path)
        if sha256 is not None:
            rows = pq.read_metadata(store.path(path), filesystem=store.filesystem).num_rows
            found[part] = PartFile(part, path, rows, sha256)
    return found


def _path(folder: str, part: str) -> str:
    return f"{folder}/part={part or 'all'}.parquet"


def _write(store: UrlStore, path: str, table: pa.Table, part: str) -> PartFile:
    sink = pa.BufferOutputStream()
    pq.write_table(table.sort_by("profile_id"), sink, compression="zstd", store_schema=False)
    content = sink.getvalue()
    store.put([(path, content)])
    return PartFile(part, path, table.num_rows, hashlib.sha256(content).hexdigest())


def _put(store: UrlStore, path: str, told: msgspec.Struct) -> None:
    store.put([(path, pa.py_buffer(msgspec.json.encode(told)))])


def _read(store: UrlStore, path: str, type_: type[T]) -> T | None:
    try:
        return msgspec.json.decode(store.filesystem.cat_file(store.path(path)), type=type_)
    except FileNotFoundError:
        return None

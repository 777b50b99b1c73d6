"""The files of a build: wide Parquet, one a part, and the manifest that says what it is."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from projections.batch.compiling.compiled import Kind
from projections.batch.place import TAGS
from projections.lake.store import UrlStore

T = TypeVar("T")

_MANIFEST: Final = "manifest.json"
# Why everything was asked anew: that was asked for; there was no build before, or none that tells what it was made of;
# nobody tells what is new; something else that values are made of changed; most people were touched; most columns are
# others.
Why = Literal["asked", "first", "unknown", "surroundings", "touched", "definitions"]


class PartFile(msgspec.Struct, frozen=True):
    """A file of a build: its part (how the ids of its profiles begin), path below the lake, rows and digest."""

    part: str
    path: str
    rows: int
    sha256: str


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where the values of a build come from: of whom they were asked anew, and what was carried over.

    From the build as of `base` (None: nothing was, and `why`) all but `touched` people keep the columns `kept`, have
    those `followed` worked out again from it, and those `anew` asked as everybody has; `damaged` are the parts of it
    that were not what its manifest says. `changed` names the surroundings that are others than then.
    """

    base: datetime | None = None
    why: Why | None = None
    touched: int = 0
    kept: int = 0
    followed: int = 0
    anew: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True):
    """A finished build: as of which instant and position of the log, by which definitions, and its files.

    `position` is that of the first attempt: of what came later, parts that were built by a later one may know more.
    `refused` says of tags why they are kept out.
    `columns` says by what each column of the files is known, `surroundings` the marks of what else it was made of.
    """

    instant: datetime
    catalogue: str
    position: int
    kinds: Mapping[str, Kind]
    files: tuple[PartFile, ...]
    refused: Mapping[str, str] = {}
    columns: Mapping[str, str] = {}
    surroundings: Mapping[str, str] = {}
    origin: Origin = Origin()

    @property
    def rows(self) -> int:
        """How many people."""
        return sum(file.rows for file in self.files)


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


def keep(store: UrlStore, manifest: Manifest) -> None:
    """Write the manifest of a build anew. Blocks."""
    finish(store, f"{TAGS}/{manifest.catalogue}/{manifest.instant.astimezone(UTC):%Y%m%dT%H%M%S%fZ}", manifest)


def finished(store: UrlStore, folder: str) -> Manifest | None:
    """Return the build in a folder, None if it is not finished. Blocks."""
    return read_json(store, f"{folder}/{_MANIFEST}", Manifest)


def finish(store: UrlStore, folder: str, manifest: Manifest) -> None:
    """Write the manifest: from then on the build is there. Blocks."""
    write_json(store, f"{folder}/{_MANIFEST}", manifest)


def written(store: UrlStore, folder: str, parts: Sequence[str]) -> dict[str, PartFile]:
    """Return the parts that an earlier attempt built; a file is there whole or not at all. Blocks."""
    found: dict[str, PartFile] = {}
    for part in parts:
        path = _path(folder, part)
        sha256 = store.sha256(path)
        if sha256 is not None:
            rows = pq.read_metadata(store.path(path), filesystem=store.filesystem).num_rows
            found[part] = PartFile(part, path, rows, sha256)
    return found


def write(store: UrlStore, folder: str, part: str, table: pa.Table) -> PartFile:
    """Write a part, whose rows are in the order of their ids. Blocks."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", store_schema=False)
    content = sink.getvalue()
    path = _path(folder, part)
    store.put([(path, content)])
    return PartFile(part, path, table.num_rows, hashlib.sha256(content).hexdigest())


def read(store: UrlStore, file: PartFile, columns: Sequence[str] | None = None) -> pa.Table | None:
    """Return a part, or some of its columns; None if it is not the file that was written. Blocks."""
    try:
        content = store.filesystem.cat_file(store.path(file.path))
    except FileNotFoundError:
        return None
    if hashlib.sha256(content).hexdigest() != file.sha256:
        return None
    return pq.read_table(pa.BufferReader(content), columns=None if columns is None else list(columns))


def read_json(store: UrlStore, path: str, type_: type[T]) -> T | None:
    """Return what was written, None if nothing was. Blocks."""
    try:
        return msgspec.json.decode(store.filesystem.cat_file(store.path(path)), type=type_)
    except FileNotFoundError:
        return None


def write_json(store: UrlStore, path: str, told: msgspec.Struct) -> None:
    """Write something small. Blocks."""
    store.put([(path, pa.py_buffer(msgspec.json.encode(told)))])


def _path(folder: str, part: str) -> str:
    return f"{folder}/part={part or 'all'}.parquet"

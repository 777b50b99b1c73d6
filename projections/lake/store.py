"""Where the lake's files lie: a local folder or any object store fsspec knows."""

import hashlib
import os
import secrets
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

if TYPE_CHECKING:
    import pyarrow as pa

# Files wait for the disk or the network most of the time; a disk merges the flushes it is asked for together.
_AT_ONCE = 16


class Store(Protocol):
    """Keeps files by path."""

    def put(self, files: Collection[tuple[str, "pa.Buffer"]]) -> None:
        """Keep the files for good, each whole or not at all. Blocks."""


class UrlStore:
    """Files below an fsspec URL."""

    def __init__(self, url: str) -> None:
        """Take the URL, such as file:///srv/lake or s3://bucket/lake."""
        self.filesystem, self.root = url_to_fs(url)

    def put(self, files: Collection[tuple[str, "pa.Buffer"]]) -> None:
        """Write the files, in place of others of the same name, and flush them."""
        if not files:
            return
        is_local = isinstance(self.filesystem, LocalFileSystem)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(self._put_local if is_local else self._put_object, files))
            if is_local:
                list(threads.map(_flush, {self._local(path).parent for path, _ in files}))

    def sha256(self, path: str) -> str | None:
        """Return the digest of a file, None if it is not there. Blocks."""
        try:
            return hashlib.sha256(self.filesystem.cat_file(self.path(path))).hexdigest()
        except FileNotFoundError:
            return None

    def path(self, path: str) -> str:
        """Return the full path of a file in the filesystem."""
        return f"{self.root}/{path}"

    def _local(self, path: str) -> Path:
        return Path(self.path(path))

    def _put_object(self, file: tuple[str, "pa.Buffer"]) -> None:
        path, content = file
        self.filesystem.pipe_file(self.path(path), content.to_pybytes())

    def _put_local(self, file: tuple[str, "pa.Buffer"]) -> None:
        path, content = file
        target = self._local(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Readers look for *.parquet: they never see a file that is not finished.
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        with unfinished.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(target)


class NoStore:
    """Keeps nothing: for a lake that is only built to be compared."""

    def put(self, files: Collection[tuple[str, "pa.Buffer"]]) -> None:
        """Do nothing."""


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

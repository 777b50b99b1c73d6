"""A folder of declarations, read once and again as soon as something in it has changed."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_LOOK_AGAIN_SECONDS: Final = 1.0

Stamp = tuple[tuple[str, int, int], ...]


class Folder(Generic[T]):
    """What `read` makes of the TOML files of a folder and those below it."""

    def __init__(self, path: Path, read: Callable[[list[Path]], T]) -> None:
        self._path = path
        self._read = read
        self._made: T | None = None
        self._stamp: Stamp | None = None
        self._look_again_at = 0.0
        self._changed_at = 0
        self._lock = asyncio.Lock()

    async def content(self) -> T:
        """Return what the files say now.

        A file that came or went shows at once, one that was edited within a second.
        """
        if self._is_due() or self._made is None:
            async with self._lock:
                return await self._look()
        return self._made

    def _is_due(self) -> bool:
        return time.monotonic() >= self._look_again_at or _changed_at(self._path) != self._changed_at

    async def _look(self) -> T:
        if self._is_due() or self._made is None:
            self._changed_at = _changed_at(self._path)
            stamp = await asyncio.to_thread(_stamp, self._path)
            if stamp != self._stamp or self._made is None:
                self._made = await asyncio.to_thread(lambda: self._read(_files(self._path)))
                self._stamp = stamp
            self._look_again_at = time.monotonic() + _LOOK_AGAIN_SECONDS
        return self._made


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.toml")) if folder.is_dir() else []


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # it is not there (yet)
        return 0


def _stamp(folder: Path) -> Stamp:
    found = []
    for file in _files(folder):
        try:
            status = file.stat()
        except OSError:  # it has just gone
            continue
        found.append((str(file), status.st_mtime_ns, status.st_size))
    return tuple(found)

"""The doors platforms knock at: each declared source that is called has one, behind a secret in its address."""

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from commands.callbacks.kinds import KINDS
from commands.callbacks.receiver import Open, Receiver
from commands.runtime.sources import Source, SourceError, read_source, settings_of
from domain.kernel.errors import NotFoundError

_SHORTEST_SECRET: Final = 16
_LOOK_AGAIN_SECONDS: Final = 1.0
_log = logging.getLogger("koi.callbacks")

Stamp = tuple[tuple[str, int, int], ...]


class NoDoorError(NotFoundError):
    """There is nothing at this address, or it was not the right one: which of the two is not told."""

    code = "route.not_found"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What every source that is called says: `hook`, the secret end of its address, of 16 characters at least."""

    hook: str


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A source that is called, and who receives its calls."""

    source: str
    kind: str
    secret: bytes
    receiver: Receiver


class Doors:
    """Finds the receiver of an address; reads the folder of sources again as soon as a file in it has changed."""

    def __init__(self, folder: Path, kinds: Mapping[str, Open] = KINDS) -> None:
        self._folder = folder
        self._kinds = kinds
        self._hooks: dict[str, Hook] = {}
        self._stamp: Stamp | None = None
        self._look_again_at = 0.0
        self._folder_changed_at = 0
        self._lock = asyncio.Lock()

    async def find(self, source: str, secret: str) -> Hook:
        """Return the hook at the address; raises `NoDoorError` for an unknown source or a wrong secret alike."""
        if self._is_due():
            async with self._lock:
                await self._look()
        hook = self._hooks.get(source)
        # As long for a source that is not there: the time tells nothing either.
        is_right = hmac.compare_digest(_digest(secret), hook.secret if hook else _digest(""))
        if hook is None or not is_right:
            raise NoDoorError("there is nothing at this path: /schema/openapi.json lists what there is")
        return hook

    def _is_due(self) -> bool:
        # A file that came or went shows at once, in the time of the folder; one that was edited within a second.
        return time.monotonic() >= self._look_again_at or _changed_at(self._folder) != self._folder_changed_at

    async def _look(self) -> None:
        if not self._is_due():
            return
        self._folder_changed_at = _changed_at(self._folder)
        stamp = await asyncio.to_thread(_stamp, self._folder)
        if stamp != self._stamp:
            self._hooks = await asyncio.to_thread(self._read)
            self._stamp = stamp
        self._look_again_at = time.monotonic() + _LOOK_AGAIN_SECONDS

    def _read(self) -> dict[str, Hook]:
        hooks: dict[str, Hook] = {}
        for hook in self._declared():
            if hook.source in hooks:
                _log.warning("two files declare the source %s: the first one counts", hook.source)
            hooks.setdefault(hook.source, hook)
        return hooks

    def _declared(self) -> Iterator[Hook]:
        """One file that is wrong must not close the doors of the others."""
        for file in _files(self._folder):
            try:
                source = read_source(file)
                if source.kind in self._kinds:
                    yield self._hook(source)
            except SourceError as error:
                _log.warning("the source in %s is not reachable: %s (%s)", file.name, error.detail, error.field)

    def _hook(self, source: Source) -> Hook:
        secret = settings_of(source, Settings).hook
        if len(secret) < _SHORTEST_SECRET:
            detail = f"the end of the address is secret: at least {_SHORTEST_SECRET} characters nobody can guess"
            raise SourceError(detail, field=f"{source.file.name}: hook")
        receiver = self._kinds[source.kind](source)
        return Hook(source=source.name, kind=source.kind, secret=_digest(secret), receiver=receiver)


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


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

"""The doors platforms knock at: each declared source that is called has one, behind a secret in its address."""

import hashlib
import hmac
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from commands.callbacks.kinds import KINDS
from commands.callbacks.receiver import Open, Receiver
from commands.runtime.folder import Folder
from commands.runtime.sources import Source, SourceError, read_source, settings_of
from domain.kernel.errors import NotFoundError

_SHORTEST_SECRET: Final = 16
_HOOK: Final = "hook"
_log = logging.getLogger("koi.callbacks")


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
        self._kinds = kinds
        self._hooks = Folder(folder, self._read)

    async def find(self, source: str, secret: str) -> Hook:
        """Return the hook at the address; raises `NoDoorError` for an unknown source or a wrong secret alike."""
        hook = (await self._hooks.content()).get(source)
        # As long for a source that is not there: the time tells nothing either.
        is_right = hmac.compare_digest(_digest(secret), hook.secret if hook else _digest(""))
        if hook is None or not is_right:
            raise NoDoorError("there is nothing at this path: /schema/openapi.json lists what there is")
        return hook

    def _read(self, files: list[Path]) -> dict[str, Hook]:
        hooks: dict[str, Hook] = {}
        for hook in self._declared(files):
            if hook.source in hooks:
                _log.warning("two files declare the source %s: the first one counts", hook.source)
            hooks.setdefault(hook.source, hook)
        return hooks

    def _declared(self, files: list[Path]) -> Iterator[Hook]:
        """One file that is wrong must not close the doors of the others."""
        for file in files:
            try:
                source = read_source(file)
                # A shop may be asked and never call; where a `hook` is missed, `koi sources` says so.
                if source.kind in self._kinds and _HOOK in source.table:
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


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

"""The spool: requests that came while the log could not be written, on this machine's disk until it can be again.

Some trackers take an error for "delivered", one stops for good: they are told yes, and this makes it true.
"""

import asyncio
import hashlib
import hmac
import itertools
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.ingest.collector import Sent
from domain.kernel.errors import KoiError

MOST_BYTES: Final = 256 * 1024 * 1024
_NONCE_BYTES: Final = 12
_LABEL: Final = b"koi spool"
_AGAIN_SECONDS: Final = 1.0
_ENDING: Final = ".sealed"


class SpoolFullError(KoiError):
    """The log cannot be written, and the disk has no more room for what comes meanwhile."""

    code = "spool.full"


class Spool:
    """Keeps requests in a folder, one sealed file each, and hands them on in their order once `take` succeeds."""

    def __init__(
        self,
        folder: Path,
        master_key: bytes,
        take: Callable[[Sent], Awaitable[object]],
        *,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._folder = folder
        self._key = AESGCM(hmac.digest(master_key, _LABEL, hashlib.sha256))
        self._take = take
        self._most_bytes = most_bytes
        self._numbers = itertools.count()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to hand on what a process before left here."""
        if self._waiting():
            self._arrived.set()
        self._task = asyncio.create_task(self._run(), name="spool")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; what still lies here is the next process's."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def put(self, sent: Sent) -> None:
        """Return once the request lies on the disk for sure; raises `SpoolFullError`."""
        await asyncio.to_thread(self._write, sent)
        self._arrived.set()

    def _write(self, sent: Sent) -> None:
        sealed = self._sealed(sent)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if sum(file.stat().st_size for file in self._waiting()) + len(sealed) > self._most_bytes:
                raise SpoolFullError("the log cannot be written just now, nor can more be kept: send it again later")
            name = f"{time.time_ns():020}-{os.getpid()}-{next(self._numbers):06}"
            fresh = self._folder / f"{name}.new"
            with fresh.open("wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(self._folder / f"{name}{_ENDING}")
            _synced(self._folder)
        except OSError:
            raise SpoolFullError("the log cannot be written just now, nor the disk: send it again later") from None

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            for file in await asyncio.to_thread(self._waiting):
                while not await self._handed_on(file):  # noqa: ASYNC110 - the database does not say when it is back
                    await asyncio.sleep(_AGAIN_SECONDS)

    async def _handed_on(self, file: Path) -> bool:
        try:
            sent = self._opened(await asyncio.to_thread(file.read_bytes))
            await self._take(sent)
        except FileNotFoundError:  # another process was faster
            return True
        except (InvalidTag, msgspec.MsgspecError):  # not ours to read: left for a person to look at
            return True
        except Exception:  # noqa: BLE001 - the log is still away; whatever it is, nothing may be lost
            return False
        await asyncio.to_thread(file.unlink, missing_ok=True)
        return True

    def _waiting(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_ENDING}")) if self._folder.is_dir() else []

    def _sealed(self, sent: Sent) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, msgspec.json.encode(sent), _LABEL)

    def _opened(self, sealed: bytes) -> Sent:
        clear = self._key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _LABEL)
        return msgspec.json.decode(clear, type=Sent)


def _synced(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

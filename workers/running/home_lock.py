"""One `koi up` for each home: two would run two databases on one folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commands.runtime.services import lock_file
from domain.kernel.errors import KoiError

_LOOKS = 5
_BETWEEN_LOOKS = 0.02


class AlreadyRunningError(KoiError):
    """Another `koi up` holds this home."""

    code = "koi.already_running"


@contextmanager
def hold(home: Path) -> Iterator[None]:
    """Hold the home while this process lives; the lock ends with it, even after `kill -9`.

    Raises:
        AlreadyRunningError: another process holds it.
    """
    file = lock_file(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _taken(descriptor):
            holder = os.read(descriptor, 20).decode().strip() or "unknown"
            raise AlreadyRunningError(
                f"Koi already runs for {home} (process {holder}): "
                "stop it with Ctrl-C there, or name another home with KOI_HOME."
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    """Take the lock; another terminal that only looks whether Koi runs holds it for a moment, so look twice."""
    for _ in range(_LOOKS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_BETWEEN_LOOKS)
        else:
            return True
    return False

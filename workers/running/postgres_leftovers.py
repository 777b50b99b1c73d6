"""What an earlier PostgreSQL may have left on its data folder, and waiting until it is gone.

After a `kill -9` of the server its back ends finish what they are doing before they notice; a new server refuses to
start while one of them still holds the shared memory. After a `kill -9` of the supervisor the server is still shutting
down.
"""

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from workers.running.waiting import until

_SHUTDOWN_SECONDS = 60.0
_ORPHAN_SECONDS = 5.0


async def clear_leftovers(data: Path) -> None:
    """Wait for, and in the end remove, every process on this data folder; forget the stale `postmaster.pid`.

    The caller holds the lock of the home, so none of them is wanted.
    """
    server = _server_of(data)
    if server is not None:
        with suppress(psutil.NoSuchProcess):
            server.send_signal(signal.SIGINT)
        await until(lambda: not server.is_running() or _is_dead(server), _SHUTDOWN_SECONDS)
        with suppress(psutil.NoSuchProcess):
            server.kill()
    await until(lambda: not any(_processes_on(data)), _ORPHAN_SECONDS)
    for process in _processes_on(data):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    await until(lambda: not any(_processes_on(data)), _ORPHAN_SECONDS)
    # The process id in it may belong to anyone by now, and the server would believe it is another server.
    (data / "postmaster.pid").unlink(missing_ok=True)


def _server_of(data: Path) -> psutil.Process | None:
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return next((process for process in _processes_on(data) if process.pid == pid), None)


def _processes_on(data: Path) -> Iterator[psutil.Process]:
    """PostgreSQL works in its data folder, and so does each of its back ends."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.name() == "postgres" and Path(process.cwd()) == data:
                yield process


def _is_dead(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True

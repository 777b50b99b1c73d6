"""Children that an earlier supervisor left behind when it was killed: they hold the port and the work."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from workers.running.koi_program import is_child
from workers.running.waiting import until

_STOPPING_SECONDS = 20.0
_KILLING_SECONDS = 5.0


async def end_stragglers(home: Path) -> None:
    """End Koi's own processes on this home; the caller holds its lock, so nobody watches them any more."""
    for process in list(_children_of(home)):
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    if not await until(lambda: not any(_children_of(home)), _STOPPING_SECONDS):
        for process in list(_children_of(home)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        await until(lambda: not any(_children_of(home)), _KILLING_SECONDS)


def _children_of(home: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if is_child(process.cmdline()) and process.environ().get("KOI_HOME") == str(home):
                yield process

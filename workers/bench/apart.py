"""What is measured runs in a fresh process of its own, so that its memory and processor time are its own."""

import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

_MEGABYTE: Final = 1024.0


class Took(NamedTuple):
    """What a way of computing took, in a process of its own."""

    seconds: float
    cpu: float
    megabytes: float


def alone(way: Callable[[Path], None], folder: Path) -> Took:
    """Run it over a folder; returns what it took, without the imports."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_measured, way, folder).result()


def _measured(way: Callable[[Path], None], folder: Path) -> Took:
    began, cpu = time.perf_counter(), time.process_time()
    way(folder)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Took(seconds, cpu, _peak() / _MEGABYTE)


def _peak() -> float:
    """Return the peak memory in kilobytes: where there is /proc, without what the parent had when it forked."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (line,) = (one for one in status.read_text(encoding="ascii").splitlines() if one.startswith("VmHWM"))
    return float(line.split()[1])

"""How the embedded PostgreSQL is set: durable, and sized for the machine it shares with the rest of Koi."""

import os
from pathlib import Path

import psutil

_MIB = 1024 * 1024
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_ROOMY_SHARED_MEMORY = 1024 * _MIB


def server_options() -> dict[str, str]:
    """The server's parameters by name."""
    memory = _memory()
    return {
        # What is acknowledged is on disk.
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "wal_compression": "on",
        # Few, spread checkpoints: a bulk import would else write every page of the log twice.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "max_connections": "100",
        "shared_buffers": _megabytes(memory // 8, low=64, high=1536),
        "effective_cache_size": _megabytes(memory // 2, low=256, high=65_536),
        "maintenance_work_mem": _megabytes(memory // 32, low=64, high=512),
        "work_mem": "32MB",
        "random_page_cost": "1.1",
        # Short statements gain nothing from compilation, and lose 100 ms when the planner guesses wrong.
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Statements, rows and keys may hold personal data, so the server's log tells of errors without them.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "dynamic_shared_memory_type": _shared_memory(),
    }


def _memory() -> int:
    """Bytes this machine, or the container, has."""
    limits = [int(psutil.virtual_memory().total)]
    for file in _CGROUP_LIMITS:
        text = file.read_text().strip() if file.exists() else "max"
        if text.isdigit():
            limits.append(int(text))
    return min(limits)


def _megabytes(size: int, *, low: int, high: int) -> str:
    return f"{min(max(size // _MIB, low), high)}MB"


def _shared_memory() -> str:
    """Parallel queries share memory in /dev/shm; containers often have only 64 MB there, then files do."""
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108 - asked for its size, nothing is written there
    except OSError:
        return "mmap"
    return "posix" if found.f_blocks * found.f_frsize >= _ROOMY_SHARED_MEMORY else "mmap"

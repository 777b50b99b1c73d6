"""What a whole Koi looks like from outside: for the words of a test that waited in vain."""

import asyncpg
import psutil

from commands.runtime.services import read_services
from workers.bench.stack import Stack
from workers.running.program import tail

_VIEWS = "SELECT name, position FROM projection_position ORDER BY position, name"
_HEAD = "SELECT coalesce(max(notification_id), 0) FROM decision_log"
_PARKED = "SELECT count(*) FROM dead_letter"


async def seen(stack: Stack) -> str:
    """Return where the log and each view stand, which processes live, and how each log ends."""
    home = stack.settings.home
    logs = [f"--- {log.name}\n{tail(log)}" for log in sorted((home / "log").glob("*.log"))]
    return "\n".join([await _positions(stack.settings.database_url), *_processes(stack), *logs, _said(stack)])


async def _positions(database_url: str) -> str:
    try:
        connection = await asyncpg.connect(database_url, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        return f"PostgreSQL does not answer: {error!r}"
    try:
        views = ", ".join(f"{row['name']} {row['position']}" for row in await connection.fetch(_VIEWS))
        head, parked = await connection.fetchval(_HEAD), await connection.fetchval(_PARKED)
        return f"the log is at {head}, {parked} entries are parked; the views: {views}"
    finally:
        await connection.close()


def _processes(stack: Stack) -> list[str]:
    services = read_services(stack.settings.home)
    if services is None:
        return ["no services are told of"]
    return [f"{name} (process {pid}): {_state(pid)}" for name, pid in services.pids.items()]


def _state(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        return f"{process.status()}, {times.user + times.system:.1f} s of processor time"
    except psutil.NoSuchProcess:
        return "gone"


def _said(stack: Stack) -> str:
    return f"--- koi up\n{tail(stack.settings.home / 'bench.log')}"

"""A child process: how it is started, how it is stopped."""

import asyncio
import os
import signal
import subprocess
from asyncio.subprocess import Process
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from domain.kernel.errors import KoiError
from workers.running.account import Account, bound_to_us

_LOG_LIMIT = 10_000_000
_TAIL_BYTES = 2_000
_STOPPING_SECONDS = 20.0


class ProgramError(KoiError):
    """A program that Koi needs did not start; the words name its log."""

    code = "program.failed"


class Program(Protocol):
    """Something that runs as a child process and can be started again."""

    name: str
    log: Path
    stop_signal: signal.Signals
    hurry_signal: signal.Signals

    async def start(self) -> Process:
        """Start it; return when it is ready to be used.

        Raises:
            ProgramError: it did not become ready.
        """
        ...


async def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    needs: Iterable[Path] = (),
    pass_fds: Sequence[int] = (),
    folder: Path = Path("/"),
) -> Process:
    """Start a child in its own session (a terminal's Ctrl-C is ours to pass on), its output appended to `log`.

    It stands in `folder`: another user might not be allowed where we stand.

    Raises:
        ProgramError: the system refuses to start it.
    """
    if not os.access(command[0], os.X_OK):
        raise ProgramError(f"{command[0]} cannot be started: there is no such program.")
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            *bound_to_us(command, death_signal=death_signal, account=account, needs=needs),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd=folder,
            env=env,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    except OSError as error:
        raise ProgramError(f"{Path(command[0]).name} cannot be started: {error}") from error
    finally:
        os.close(descriptor)


async def halt(
    process: Process,
    program: Program,
    *,
    hurry: asyncio.Event | None = None,
    patience: float = _STOPPING_SECONDS,
) -> None:
    """Stop a child: politely, then firmly when it takes longer than `patience` seconds or `hurry` is set."""
    gone = asyncio.ensure_future(process.wait())
    hurried = asyncio.ensure_future((hurry or asyncio.Event()).wait())
    try:
        for order, seconds in ((program.stop_signal, patience), (program.hurry_signal, 5.0), (signal.SIGKILL, 5.0)):
            if process.returncode is None:
                process.send_signal(order)
            waiting = {gone, hurried} if order == program.stop_signal else {gone}
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                return
    finally:
        gone.cancel()
        hurried.cancel()


def tail(log: Path) -> str:
    """The last lines of a log, for the message of an error."""
    try:
        text = log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-12:])

"""A whole Koi of its own for one bench: own data directory, own ports, real processes, gone afterwards."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import psutil

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.kernel.errors import KoiError

_START_SECONDS = 90.0


class BenchError(KoiError):
    """The bench could not be run."""

    code = "bench.failed"


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """A running Koi: where it is, its keys, and the process all others descend from."""

    settings: Settings
    secrets: Secrets
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Return the processor time all processes of this Koi have used so far, those that ended included."""
        total = 0.0
        for process in (self.process, *self.process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total


@asynccontextmanager
async def running(more: Mapping[str, str] | None = None) -> AsyncIterator[Stack]:
    """Start a Koi without history, yield it when it is ready, stop it and remove its data."""
    home = Path(tempfile.mkdtemp(prefix="koi-bench-"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KOI_")}
    environment |= {"KOI_HOME": str(home), "KOI_PORT": str(_free_port()), **(more or {})}
    log = (home / "bench.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers", "up", "--no-demo", env=environment, stdout=log, stderr=log
    )
    try:
        settings = await _ready(home, environment, process)
        secrets = Secrets.load(settings.secrets_file)
        yield Stack(settings=settings, secrets=secrets, process=psutil.Process(process.pid))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await process.wait()
        log.close()
        shutil.rmtree(home, ignore_errors=True)


async def _ready(home: Path, environment: Mapping[str, str], process: asyncio.subprocess.Process) -> Settings:
    async with httpx.AsyncClient() as client:
        for _ in range(int(_START_SECONDS / 0.1)):
            if process.returncode is not None:
                break
            with contextlib.suppress(KoiError, httpx.HTTPError):
                settings = Settings.from_environment(environment)
                answer = await client.get(f"{settings.api_url}/readyz")
                if answer.status_code == httpx.codes.OK:
                    return settings
            await asyncio.sleep(0.1)
    said = (home / "bench.log").read_text(errors="replace")[-2_000:]
    msg = f"the Koi of this bench did not start; it said:\n{said}"
    raise BenchError(msg)


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

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
from commands.runtime.services import read_services
from commands.runtime.settings import Settings
from domain.kernel.errors import KoiError

_START_SECONDS = 300.0
_LOOK_SECONDS = 1.0


class BenchError(KoiError):
    """The bench could not be run."""

    code = "bench.failed"


class Cpu(msgspec.Struct, frozen=True):
    """Seconds of processor time by program."""

    used: dict[str, float]

    @property
    def seconds(self) -> float:
        """All of it."""
        return sum(self.used.values())

    def since(self, before: "Cpu") -> "Cpu":
        """Return what was used in between."""
        return Cpu({name: seconds - before.used.get(name, 0.0) for name, seconds in self.used.items()})

    def each(self, items: int) -> dict[str, float]:
        """Return milliseconds an item, by program, for the report."""
        return {f"CPU of {name}, ms an item": seconds * 1000 / items for name, seconds in self.used.items()}


def _used(process: psutil.Process, *, recursive: bool = True) -> float:
    total = 0.0
    for one in (process, *(process.children(recursive=True) if recursive else ())):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
            # What ended below it, PostgreSQL's short-lived processes among it, has become its own.
            total += times.children_user + times.children_system if recursive else 0.0
    return total


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """A running Koi: where it is, its keys, and the process all others descend from."""

    settings: Settings
    secrets: Secrets
    process: psutil.Process

    def cpu(self) -> "Cpu":
        """Return the processor time used so far, by program; those of its processes that ended are included."""
        services = read_services(self.settings.home)
        pids = services.pids if services else {}
        used = {name: _used(psutil.Process(pid)) for name, pid in pids.items()}
        used["supervisor"] = _used(self.process, recursive=False)
        return Cpu(used)

    def memory(self) -> dict[str, float]:
        """Return by program how much memory (MiB) the largest of its processes has ever held."""
        services = read_services(self.settings.home)
        peaks: dict[str, float] = {}
        for name, pid in (services.pids if services else {}).items():
            with contextlib.suppress(psutil.NoSuchProcess):
                one = psutil.Process(pid)
                peaks[name] = max(map(_most_held, (one, *one.children(recursive=True))))
        return peaks


def _most_held(process: psutil.Process) -> float:
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


@asynccontextmanager
async def memory(stack: Stack) -> AsyncIterator[dict[str, float]]:
    """Yield what is filled meanwhile: by program, how much memory (MiB) one of its processes held at most."""
    peaks: dict[str, float] = {}

    async def look() -> None:
        while True:
            for name, held in (await asyncio.to_thread(stack.memory)).items():
                peaks[name] = max(held, peaks.get(name, 0.0))
            await asyncio.sleep(_LOOK_SECONDS)

    looking = asyncio.create_task(look())
    try:
        yield peaks
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


@asynccontextmanager
async def running(more: Mapping[str, str] | None = None) -> AsyncIterator[Stack]:
    """Start a Koi without history, yield it when it is ready, stop it and remove its data."""
    home = Path(tempfile.mkdtemp(prefix="koi-bench-"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KOI_")}
    environment |= {"KOI_HOME": str(home), **(more or {})}
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

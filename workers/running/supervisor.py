"""`koi up`: servers, schema, demo history, API and workers, as one thing that starts and stops."""

import asyncio
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from rich.console import Console
from rich.markup import escape

from commands.runtime.secrets import Secrets
from commands.runtime.services import Services, forget_services, write_services
from commands.runtime.settings import DEFAULT_PORT, Settings, home_from, port_from, secrets_file_from
from workers.running import preparing
from workers.running.embedded_nats import EmbeddedNats
from workers.running.embedded_postgres import EmbeddedPostgres
from workers.running.home_lock import hold
from workers.running.keeper import Keeper
from workers.running.koi_program import KoiProgram
from workers.running.ports import listen, listen_from
from workers.running.program import Program
from workers.running.readiness import api_ready
from workers.running.stragglers import end_stragglers
from workers.running.welcome import welcome


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `koi up` was asked for: the environment, and what its options named."""

    env: Mapping[str, str]
    host: str | None = None
    port: int | None = None
    demo: bool = True


class Supervisor:
    """Everything that one `koi up` holds together."""

    def __init__(self, wanted: Wanted, console: Console) -> None:
        self._wanted = wanted
        self._env = wanted.env
        self._home = home_from(wanted.env)
        self._console = console
        self._stopping = False
        self._hurry = asyncio.Event()
        self._socket: socket.socket | None = None
        self._services: Services | None = None
        self._servers: list[Keeper] = []
        self._children: list[Keeper] = []

    async def run(self) -> None:
        """Start everything and keep it running until Ctrl-C or SIGTERM; a second one hurries.

        Raises:
            KoiError: something cannot start; what had started is stopped again.
        """
        with hold(self._home):
            living = asyncio.create_task(self._live())
            for order in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(order, self._stop_asked, living)
            await asyncio.wait([living])
            if not living.cancelled():
                living.result()

    def _stop_asked(self, living: asyncio.Task[None]) -> None:
        if self._stopping:
            self._hurry.set()
            return
        self._stopping = True
        self._say("Stopping; Ctrl-C once more to hurry.")
        living.cancel()

    async def _live(self) -> None:
        try:
            await self._start()
            await asyncio.Event().wait()
        finally:
            self._stopping = True
            await self._stop()

    async def _start(self) -> None:
        secrets = Secrets.load_or_create(secrets_file_from(self._env))
        await end_stragglers(self._home)
        listening = self._listen()
        database_url, nats_url = await self._start_servers(secrets)
        host, port = listening.getsockname()[:2]
        self._services = Services(database_url=database_url, nats_url=nats_url, host=host, port=port)
        self._tell_terminals()
        known = {**self._env, "KOI_HOST": host, "KOI_PORT": str(port)}
        settings = Settings.build(known, database_url=database_url, nats_url=nats_url)
        await self._prepare(settings)
        await self._start_children(settings, listening)
        welcome(self._console, settings, secrets)

    def _listen(self) -> socket.socket:
        host = self._wanted.host or self._env.get("KOI_HOST") or "127.0.0.1"
        named = self._wanted.port or port_from(self._env)
        if named is not None:
            self._socket = listen(host, named)
        else:
            self._socket, told = listen_from(host, DEFAULT_PORT)
            if told:
                self._say(told)
        return self._socket

    async def _start_servers(self, secrets: Secrets) -> tuple[str, str]:
        database_url = self._env.get("KOI_DATABASE_URL")
        if not database_url:
            postgres = EmbeddedPostgres(self._home)
            await self._start_one(postgres, self._servers, "PostgreSQL 18")
            database_url = postgres.url
        nats_url = self._env.get("KOI_NATS_URL")
        if not nats_url:
            nats = EmbeddedNats(self._home, token=secrets.nats_token)
            await self._start_one(nats, self._servers, "NATS with JetStream")
            nats_url = nats.url
        return database_url, nats_url

    async def _prepare(self, settings: Settings) -> None:
        with self._step("Schema"):
            await preparing.migrate_database(settings)
        if self._wanted.demo:
            await preparing.import_history(settings, self._console)

    async def _start_children(self, settings: Settings, listening: socket.socket) -> None:
        env = {
            **self._env,
            "KOI_HOME": str(self._home),
            "KOI_HOST": settings.host,
            "KOI_PORT": str(settings.port),
            "PYTHONUNBUFFERED": "1",
        }
        descriptor = listening.fileno()
        api = KoiProgram("api", ["serve", f"--fd={descriptor}"], home=self._home, env=env, pass_fds=[descriptor])
        # Views are kept by a process of their own: what they cost must not stand between an event and its message.
        projector = KoiProgram("projector", ["work", "--role", "projector"], home=self._home, env=env)
        acting = [f"--role={role}" for role in ("identity", "relay", "journeys", "delivery", "timers")]
        workers = KoiProgram("workers", ["work", *acting], home=self._home, env=env)
        # Likewise what reads files and asks shops, what thinks about purchases, and the nights of tags and models.
        aside = [f"--role={role}" for role in ("sources", "quarantine", "inference", "tagging", "scoring")]
        sources = KoiProgram("sources", ["work", *aside], home=self._home, env=env)
        # And what judges all rules of all segments: its processor time is its own.
        segments = KoiProgram("segments", ["work", "--role", "segmenting"], home=self._home, env=env)
        with self._step("API and workers"):
            keeper = await self._start_one(api, self._children)
            await self._start_one(projector, self._children)
            await self._start_one(workers, self._children)
            await self._start_one(sources, self._children)
            await self._start_one(segments, self._children)
            await api_ready(settings.api_url, keeper, api)

    async def _start_one(self, program: Program, keepers: list[Keeper], title: str | None = None) -> Keeper:
        keeper = Keeper(program, say=self._say, changed=self._tell_terminals, hurry=self._hurry)
        keepers.append(keeper)
        if title is None:
            await keeper.start()
        else:
            with self._step(title):
                await keeper.start()
        return keeper

    async def _stop(self) -> None:
        """The reverse of the start: those who use a server stop before it."""
        if self._socket is not None:
            self._socket.close()
        await asyncio.gather(*(keeper.stop() for keeper in self._children))
        for keeper in reversed(self._servers):
            await keeper.stop()
        forget_services(self._home)
        self._say("Stopped.")

    def _tell_terminals(self) -> None:
        """Any `koi ...` in another terminal finds the services, under their present process ids."""
        if self._services is None:
            return
        keepers = [*self._servers, *self._children]
        pids = {keeper.program.name: keeper.process.pid for keeper in keepers if keeper.process}
        write_services(self._home, msgspec.structs.replace(self._services, pids=pids))

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        began = time.monotonic()
        with self._console.status(title):
            yield
        self._console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - began:.1f} s[/]")

    def _say(self, line: str) -> None:
        self._console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {escape(line)}", soft_wrap=True)

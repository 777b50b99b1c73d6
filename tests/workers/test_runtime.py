"""A process of roles: it waits for its servers, goes on when they were away, and ends as a whole."""

import asyncio

import asyncpg
import pytest
from psycopg.conninfo import conninfo_to_dict

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from workers.runtime import Worker, run, side_by_side

_PATIENCE = 180.0


async def test_roles_begin_when_their_servers_are_there(
    settings: Settings, secrets: Secrets, postgres_url: str
) -> None:
    """A process that is quicker than a recovering PostgreSQL stays, so that nothing has to start it again."""
    name, begun = conninfo_to_dict(settings.database_url)["dbname"], asyncio.Event()
    other = await asyncpg.connect(postgres_url)

    async def role(_: Worker) -> None:
        begun.set()
        await asyncio.Event().wait()

    await other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    running = asyncio.create_task(run(settings, secrets, {"role": role}))
    done, _ = await asyncio.wait([running], timeout=0.3)
    assert not done
    assert not begun.is_set()
    await other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    async with asyncio.timeout(_PATIENCE):
        await begun.wait()
    running.cancel()
    await asyncio.wait([running])
    await other.close()


async def test_a_role_is_begun_again_after_whatever_a_crash_of_the_server_raises(
    settings: Settings, secrets: Secrets
) -> None:
    """An internal error too: asyncpg raises it of a connection that was ended while it was idle."""
    errors = [
        asyncpg.InternalClientError("another operation is in progress"),
        OSError(),
        asyncpg.InterfaceError("gone"),
    ]
    lasted = asyncio.Event()

    async def role(_: Worker) -> None:
        if errors:
            raise errors.pop()
        lasted.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(run(settings, secrets, {"role": role}))
    async with asyncio.timeout(_PATIENCE):
        await lasted.wait()
    running.cancel()
    await asyncio.wait([running])


async def test_when_a_role_fails_for_good_none_goes_on() -> None:
    """Not even one that loses what it is told, as `asyncio.wait_for` can: half a process would never be restarted."""
    asked = 0

    async def deaf() -> None:
        nonlocal asked
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                asked += 1
                if asked > 1:
                    raise

    async def failing() -> None:
        await asyncio.sleep(0)
        raise LookupError("a fault")

    async with asyncio.timeout(_PATIENCE):
        with pytest.raises(LookupError):
            await side_by_side({"deaf": deaf(), "failing": failing()})
    assert asked == 2

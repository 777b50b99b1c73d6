"""The embedded NATS keeps what it acknowledged, and lets nobody in without the token."""

from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import psutil
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError

from workers.running.embedded_nats import EmbeddedNats
from workers.running.program import ProgramError, halt


@asynccontextmanager
async def running(server: EmbeddedNats) -> AsyncIterator[Process]:
    """A started server, ended in any case."""
    process = await server.start()
    try:
        yield process
    finally:
        await halt(process, server, patience=10)


@pytest.fixture
def server(tmp_path: Path) -> EmbeddedNats:
    """A server on a home of its own."""
    return EmbeddedNats(tmp_path, token="1-made_up")


async def test_an_acknowledged_message_is_there_after_a_kill(server: EmbeddedNats) -> None:
    """The same address, the same store."""
    process = await server.start()
    url = server.url
    client = await nats.connect(url, max_reconnect_attempts=0)
    await client.jetstream().add_stream(name="KEPT", subjects=["kept.>"])
    await client.jetstream().publish("kept.one", b"carp")
    process.kill()
    await process.wait()
    await client.close()
    async with running(server):
        assert server.url == url
        client = await nats.connect(url)
        assert (await client.jetstream().get_msg("KEPT", 1)).data == b"carp"
        await client.close()


async def test_without_the_token_nobody_gets_in(nats_url: str) -> None:
    """Customers' events travel here."""
    address = nats_url.partition("@")[2]

    async def expected(_: Exception) -> None:
        """The refusal is what is tested."""

    client = Client()
    with pytest.raises(NatsError, match=r"[Aa]uthorization"):
        await client.connect(f"nats://{address}", allow_reconnect=False, error_cb=expected)
    await client.close()


async def test_the_token_is_not_in_the_list_of_processes(server: EmbeddedNats) -> None:
    """Any user of the machine may read that list."""
    async with running(server) as process:
        assert "1-made_up" not in " ".join(psutil.Process(process.pid).cmdline())
        assert (server.store.parent / "run" / "nats.conf").stat().st_mode & 0o777 == 0o600


async def test_it_listens_on_the_loopback_alone(server: EmbeddedNats) -> None:
    """Other machines have no business with it."""
    async with running(server) as process:
        listening = [c.laddr for c in psutil.Process(process.pid).net_connections() if c.status == psutil.CONN_LISTEN]
        assert {address[0] for address in listening} == {"127.0.0.1"}


async def test_a_taken_port_is_stepped_around(tmp_path: Path, nats_url: str) -> None:
    """Two homes on one machine are two brokers."""
    server = EmbeddedNats(tmp_path, token="another")
    async with running(server):
        assert server.url.rpartition(":")[2] != nats_url.rpartition(":")[2]


async def test_a_server_left_by_a_killed_supervisor_is_replaced(tmp_path: Path, server: EmbeddedNats) -> None:
    """Two servers on one store would damage it."""
    left = await server.start()
    async with running(EmbeddedNats(tmp_path, token="1-made_up")) as process:
        assert await left.wait() is not None
        assert process.pid != left.pid


async def test_a_server_that_cannot_start_says_why(server: EmbeddedNats) -> None:
    """The end of its log is in the error."""
    server.store.write_text("a file where a folder should be")
    with pytest.raises(ProgramError, match="storage directory"):
        await server.start()


async def test_the_address_is_not_known_before_the_start(server: EmbeddedNats) -> None:
    """The port is chosen then."""
    with pytest.raises(ProgramError):
        _ = server.url

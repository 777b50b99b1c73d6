"""Serving the simulated platforms on loopback, within the event loop of whoever asks for it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from workers.marketplaces.simulator.marketplaces import Marketplaces


@asynccontextmanager
async def serving(marketplaces: Marketplaces, *, port: int = 0) -> AsyncIterator[str]:
    """Serve them and yield their address; port 0 takes a free one."""
    # The protocol is named: without it asyncio leaves Nagle's algorithm on, and every answer waits 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
        config = uvicorn.Config(marketplaces.app(), lifespan="off", ws="none", log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running

"""`koi serve`."""

import os
import socket
from typing import Annotated

import uvicorn
from cyclopts import Parameter

from commands.runtime.settings import Settings
from workers.running.ports import listen

# By name: workers may not import the API, they only start it.
_FACTORY = "api.app:create_app"
_STOPPING_SECONDS = 10


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    fd: Annotated[int | None, Parameter(show=False)] = None,
) -> None:
    """Run the API alone, with the services of a running Koi or those that the environment names.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        fd: A socket that listens already, inherited from the supervisor.
    """
    named = {"KOI_HOST": host, "KOI_PORT": None if port is None else str(port)}
    # The factory reads the environment, in this process.
    os.environ.update({name: value for name, value in named.items() if value is not None})
    settings = Settings.from_environment(os.environ)
    listening = listen(settings.host, settings.port) if fd is None else socket.socket(fileno=fd)
    config = uvicorn.Config(
        _FACTORY,
        factory=True,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        backlog=2048,
        timeout_graceful_shutdown=_STOPPING_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listening])

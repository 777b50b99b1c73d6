"""`koi up`."""

import asyncio
import os
from typing import Annotated

from cyclopts import Parameter, validators
from rich.console import Console

from workers.running.supervisor import Supervisor, Wanted

PortNumber = Annotated[int | None, Parameter(validator=validators.Number(gte=1, lte=65_535))]


def up(*, host: str | None = None, port: PortNumber = None, demo: bool = True) -> None:
    """Start everything on this machine and keep it running.

    Args:
        host: Address to listen on; the loopback unless KOI_HOST or this names another.
        port: Port of the API; the first free one from 8700 unless KOI_PORT or this names one.
        demo: Import the real retail history that comes with the `demo` extra, once.
    """
    asyncio.run(Supervisor(Wanted(env=os.environ, host=host, port=port, demo=demo), Console()).run())

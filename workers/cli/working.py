"""`koi work`."""

import asyncio
import importlib
import logging
import os
import signal
from typing import Annotated, Literal

import uvloop
from cyclopts import Parameter

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings

RoleName = Literal[
    "projector",
    "identity",
    "relay",
    "journeys",
    "delivery",
    "timers",
    "sources",
    "quarantine",
    "inference",
    "tagging",
    "segmenting",
    "scoring",
]
ALL: tuple[RoleName, ...] = (
    "projector",
    "identity",
    "relay",
    "journeys",
    "delivery",
    "timers",
    "sources",
    "quarantine",
    "inference",
    "tagging",
    "segmenting",
    "scoring",
)
# Between an event and its message stand other processes: one that only brings history in gives way to them.
_NICE = 10
_ASKING_AGAIN_SECONDS = 5


def work(*, role: Annotated[tuple[RoleName, ...], Parameter(negative=())] = ALL) -> None:
    """Run the workers alone, with the services of a running Koi or those that the environment names.

    Args:
        role: What this process does; all of it unless named. May be given several times.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would tell every message
    if set(role) <= {"sources", "quarantine", "inference", "tagging", "scoring"}:
        os.nice(_NICE)
    settings = Settings.from_environment(os.environ)
    uvloop.run(_until_told(settings, Secrets.load(settings.secrets_file), role))


async def _until_told(settings: Settings, secrets: Secrets, names: tuple[RoleName, ...]) -> None:
    """Run the roles until one fails for good, or SIGTERM or Ctrl-C lets them close what they hold."""
    from workers.runtime import Role, run

    # Each role is the function of its own name in `workers/<name>/role.py`.
    roles: dict[str, Role] = {name: getattr(importlib.import_module(f"workers.{name}.role"), name) for name in names}
    running, told = asyncio.create_task(run(settings, secrets, roles)), asyncio.Event()
    for order in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(order, told.set)
    asked = asyncio.create_task(told.wait())
    await asyncio.wait([running, asked], return_when=asyncio.FIRST_COMPLETED)
    # Asked once is not always enough: on Python 3.11 `asyncio.wait_for`, deep in a client, can swallow a cancellation.
    while not running.done():
        running.cancel()
        await asyncio.wait([running], timeout=_ASKING_AGAIN_SECONDS)
    asked.cancel()
    if not running.cancelled():
        running.result()

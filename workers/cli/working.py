"""`koi work`."""

import importlib
import inspect
from typing import Annotated, Literal

import uvloop
from cyclopts import Parameter

Role = Literal["projector", "relay", "journeys", "delivery", "timers"]
ROLES: tuple[Role, ...] = ("projector", "relay", "journeys", "delivery", "timers")


def work(*, role: Annotated[tuple[Role, ...], Parameter(negative=())] = ROLES) -> None:
    """Run the workers alone, with the services of a running Koi or those that the environment names.

    Args:
        role: What this process does; all of it unless named. May be given several times.
    """
    run = importlib.import_module("workers.runtime").run
    running = run(role)
    if inspect.iscoroutine(running):
        uvloop.run(running)

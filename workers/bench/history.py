"""Behaviour records for the benches: written to disk, then imported as any file is."""

import asyncio
from pathlib import Path

from workers.bench.stack import Stack
from workers.connectors.destination import open_destination
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
    async with open_destination(stack.settings, stack.secrets) as into:
        return await import_file(str(file), behaviour_mapping(), into, base=MAPPING.parent)

"""Behaviour records for the benches: written to disk, then imported as any file is."""

import asyncio
import os
import sys
from pathlib import Path

from rich.console import Console

from workers.bench.stack import Stack
from workers.connectors.destination import open_destination
from workers.connectors.importing import import_file
from workers.connectors.progress import watching
from workers.connectors.report import FileReport
from workers.connectors.synthetic import MAPPING, behaviour_mapping, write_behaviour


async def written(items: int, folder: Path) -> Path:
    """Write so many records to a file of the folder."""
    file = folder / "behaviour.parquet"
    await asyncio.to_thread(write_behaviour, file, items)
    return file


async def importing(stack: Stack, file: Path) -> asyncio.subprocess.Process:
    """Begin to import the file in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KOI_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers", "import", str(MAPPING), "--file", str(file), "--json"),
        env=environment | {"KOI_HOME": str(stack.settings.home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def imported(stack: Stack, file: Path) -> FileReport:
    """Import the file through the connector, in this process, while the Koi of the bench keeps its views."""
    async with open_destination(stack.settings, stack.secrets) as into:
        with watching(Console(stderr=True)) as watch:
            return await import_file(str(file), behaviour_mapping(), into, base=MAPPING.parent, watch=watch)

"""What the tests of sources share: a shop that declares its sources and delivers files."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from commands.activity import source_runs
from commands.activity.source_runs import SourceRun
from commands.runtime.sources import Source
from tests.patience import PATIENCE
from tests.workers.connectors.delivering import RECEIPTS, line, written
from workers.sources.declared import the
from workers.sources.kind import Came, Means
from workers.sources.role import Schedule
from workers.sources.turn import take_turn


class Shop:
    """A folder of declared sources, an inbox, and the means to run them."""

    def __init__(self, means: Means, inbox: Path) -> None:
        self.means = means
        self.inbox = inbox
        self.folder = means.settings.sources_folder
        self.pool: asyncpg.Pool = means.store.pool

    def declare(self, name: str, text: str = RECEIPTS, *, pattern: str = "sales_*.csv", watch: str = "") -> Path:
        """Declare a source of files in the inbox; without `watch` a file is complete as soon as it is marked."""
        file = self.folder / f"{name}.toml"
        watched = watch or 'watch = { every = 1, marker = ".done" }'
        file.write_text(f'file = "{self.inbox / pattern}"\n{watched}\n{text}', encoding="utf-8")
        return file

    def deliver(self, name: str, lines: Sequence[str] = (line("R1"),), *, done: bool = True) -> Path:
        """Deliver a file of receipts, marked as complete."""
        file = written(self.inbox, lines, name=name)
        if done:
            (self.inbox / f"{name}.done").touch()
        return file

    def source(self, name: str) -> Source:
        """The source of that name, as it is declared now."""
        return the(self.folder, [name])[0]

    async def run(self, name: str) -> Came:
        """Run a source once."""
        return await take_turn(self.source(name), self.means)

    async def state(self, name: str) -> SourceRun:
        """What is noted of a source."""
        return (await source_runs.runs(self.pool))[name]

    async def facts(self) -> list[dict[str, Any]]:
        """All facts by their id, bodies decoded."""
        rows = await self.pool.fetch("SELECT * FROM fact_log ORDER BY fact_id")
        return [{**row, "body": msgspec.json.decode(row["body"])} for row in rows]

    async def until(self, name: str, holds: Callable[[SourceRun], bool]) -> SourceRun:
        """Let the schedule run until something holds of a source."""
        schedule = Schedule(self.means)
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    pause = await schedule.look()
                    known = await source_runs.runs(self.pool)
                    if name in known and holds(known[name]):
                        return known[name]
                    await asyncio.sleep(min(0.05, pause.total_seconds()))
        finally:
            await schedule.stop()

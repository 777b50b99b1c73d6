"""The lake as models see it: values of the rule language as of an instant, worked out in batch."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa

from domain.kernel.rules.tree import Measure, Rule, Value
from projections.batch.compiling.compiled import Compiler
from projections.batch.compiling.instants import micros
from projections.batch.lakehouse import Lakehouse
from projections.batch.loading import DuckEngine
from projections.batch.running import members_of, told, values_of
from workers.scoring.features import BOUGHT

_TICK: Final = timedelta(microseconds=1)
_COLUMNS: Any = [("profile_id", pa.string()), ("day", pa.int32())]
_DAYS: Final = pa.schema(_COLUMNS)


class LakeSource:
    """Asked in threads of its own: `loop` is where the batch runs."""

    def __init__(self, lakehouse: Lakehouse, loop: asyncio.AbstractEventLoop) -> None:
        """Take the data of one moment, and the loop that is not blocked meanwhile."""
        self._lakehouse = lakehouse
        self._loop = loop

    @property
    def zone(self) -> ZoneInfo:
        """Whose days are counted."""
        return self._lakehouse.world.zone

    def values(self, columns: Mapping[str, Value], at: datetime) -> pa.Table:
        """Return `profile_id` and the columns, a row a profile, ordered by profile. Blocks."""
        return self._whole(values_of(self._lakehouse, columns, at))

    def members(self, rules: Mapping[str, Rule], at: datetime) -> pa.Table:
        """Return `profile_id` and whether each rule holds, a row a profile, ordered by profile. Blocks."""
        return self._whole(members_of(self._lakehouse, rules, at))

    def purchase_days(self, at: datetime) -> pa.Table:
        """Return the days on which everybody bought, each once. Blocks."""
        events = told() | frozenset(self._lakehouse.world.told)
        compiler = Compiler(self._lakehouse.fields, events, self.zone, at)
        needs = compiler.needs([Measure(events=BOUGHT, take="active_days")])
        engine = DuckEngine(self._lakehouse, needs, micros(at + _TICK))
        try:
            found = [self._bought(engine, part) for part in self._lakehouse.parts]
        finally:
            engine.close()
        return pa.concat_tables(found) if found else _DAYS.empty_table()

    def _bought(self, engine: DuckEngine, part: str) -> pa.Table:
        people = engine.load(part)
        numbers: Any = people["n"].to_pylist()
        rows = engine.rows("events", numbers).select(["n", "day"])
        days = rows.group_by(["n", "day"]).aggregate([])
        joined = days.join(people.select(["n", "profile_id"]), "n")
        return joined.select(_DAYS.names).cast(_DAYS)

    def _whole(self, parts: AsyncIterator[pa.Table]) -> pa.Table:
        collecting = asyncio.run_coroutine_threadsafe(_collected(parts), self._loop)
        return pa.concat_tables(collecting.result()).sort_by("profile_id").combine_chunks()


async def _collected(parts: AsyncIterator[pa.Table]) -> list[Any]:
    return [table async for table in parts]

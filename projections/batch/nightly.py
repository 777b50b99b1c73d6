"""A night's work: asking of those who were touched, and carrying over what the others were in the last build."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from domain.kernel.rules.standing import Passage
from domain.kernel.rules.world import World
from projections.batch.carrying import MARKED, Carrying, carrying, followed
from projections.batch.columns import DUE, MEMBERS, Build
from projections.batch.compiling.instants import micros
from projections.batch.directory import MEMBERS as A_MEMBER
from projections.batch.directory import TableDirectory
from projections.batch.lakehouse import MOST_ROWS
from projections.batch.running import Part, Run, running, world_at
from projections.batch.surroundings import surroundings
from projections.batch.touched import Touched, customers_at, membership, touched
from projections.batch.writing import Manifest, Origin, PartFile, builds, read
from projections.lake.store import UrlStore

# The name of a part, and its rows in the order of their ids.
Tables = AsyncGenerator[tuple[str, pa.Table]]
# With more than this share of people touched, or of tags changed, asking everybody everything costs no more.
MOST: Final = 0.5
# Who was touched did more than others lately.
_BUSIER: Final = 2


class Night(msgspec.Struct, frozen=True):
    """What there is to do since the last build: by part whom it touched, None where all are to be asked."""

    base: Mapping[str, PartFile]
    store: UrlStore
    carried: Carrying
    touched: Mapping[str, Touched | None]
    origin: Origin


def last_build(store: UrlStore, now: datetime) -> Manifest | None:
    """Return the last build as of an earlier instant that tells what it was made of. Blocks."""
    return next((one for one in builds(store) if one.instant < now and one.columns), None)


async def night_since(
    base: Manifest, build: Build, store: UrlStore, parts: Sequence[str], most: float
) -> Night | Origin:
    """Return what there is to do since a build; or why everything is to be asked anew: `most` is the share allowed."""
    lakehouse = build.lakehouse
    if lakehouse.news is None:
        return Origin(why="unknown")
    marks = await asyncio.to_thread(surroundings, build, base.instant)
    changed = sorted(name for name in {*marks, *base.surroundings} if marks.get(name) != base.surroundings.get(name))
    if set(changed) - MARKED.keys():
        return Origin(why="surroundings", changed=tuple(changed))
    passage = Passage(base.instant, build.now, lakehouse.world.zone)
    carried = carrying(build.columns, base.columns, passage, changed)
    if len(carried.anew) > most * len(build.columns.known):
        return Origin(why="definitions", changed=tuple(changed))
    crossed = await asyncio.to_thread(customers_at, lakehouse, carried.crossings)
    customers = pa.concat_tables([crossed, await lakehouse.news(base.position)])
    files = {file.part: file for file in base.files}
    found: dict[str, Touched | None] = {}
    for part in parts:
        found[part] = await asyncio.to_thread(_touched, build, store, part, files[part], customers)
    number = sum(len(pc.unique(one.members["profile_id"])) for one in found.values() if one is not None)
    if number > most * sum(files[part].rows for part in parts):
        return Origin(why="touched", touched=number)
    origin = Origin(
        base=base.instant,
        touched=number,
        kept=len(carried.kept.keys() & build.keys),
        followed=len(carried.followed.keys() & build.keys),
        anew=tuple(sorted(carried.anew & build.keys)),
        damaged=tuple(part for part, one in found.items() if one is None),
        changed=tuple(changed),
    )
    return Night(files, store, carried, found, origin)


async def anew(build: Build, parts: Sequence[str]) -> Tables:
    """Yield the parts, everything of everybody asked anew."""
    if parts:
        async with running(
            build.lakehouse, build.now, build.columns.asked, is_followed=True, engines=build.engines
        ) as run:
            for part in parts:
                found = await run.part(part)
                yield part, await asyncio.to_thread(_ordered, _whole(found), build)


async def over(night: Night, build: Build, parts: Sequence[str]) -> Tables:
    """Yield the parts, carried over but for who was touched and for what is asked anew."""
    async with AsyncExitStack() as opened:
        fresh = _Fresh(night, build, opened)
        changed: Run | None = None
        if night.carried.anew and any(night.touched.values()):
            asked = build.columns.only(night.carried.anew)
            run = running(build.lakehouse, build.now, asked, is_followed=True, engines=build.engines)
            changed = await opened.enter_async_context(run)
        world = await world_at(build.lakehouse, {build.now} if night.carried.looks_around else ())
        for part in parts:
            of_touched = await fresh.of(part)
            some = night.touched[part]
            if some is None:
                yield part, await asyncio.to_thread(_ordered, of_touched, build)
                continue
            others = None if changed is None else _whole(await changed.part(part))
            whole = await asyncio.to_thread(_joined, night, world, part, of_touched, others)
            yield part, await asyncio.to_thread(_ordered, whole, build)


class _Fresh:
    """The rows of those who were touched: of as many parts at once as is cheap, since a query costs much to make."""

    def __init__(self, night: Night, build: Build, opened: AsyncExitStack) -> None:
        self._night = night
        self._build = build
        self._opened = opened
        self._run: Run | None = None
        self._digits = 0
        self._prefix: str | None = None
        self._rows = pa.table({"profile_id": pa.array([], pa.string())})

    async def of(self, part: str) -> pa.Table:
        """Return the rows of a part; parts are asked for in order."""
        if self._run is None:
            self._run = await self._running()
        prefix = part[: self._digits]
        if prefix != self._prefix:
            self._prefix = prefix
            self._rows = _whole(await self._run.part(prefix))
        return self._rows.filter(pc.starts_with(self._rows["profile_id"], pattern=part))

    async def _running(self) -> Run:
        lakehouse = self._build.lakehouse
        asked = await asyncio.to_thread(self._members)
        share = min(1.0, _BUSIER * asked.num_rows / max(1, sum(one.rows for one in self._night.base.values())))
        rows = share * lakehouse.rows
        self._digits = min(lakehouse.digits, 0 if rows <= MOST_ROWS else 1)
        some = msgspec.structs.replace(lakehouse, directory=TableDirectory(asked), digits=self._digits)
        run = running(some, self._build.now, self._build.columns.asked, is_followed=True, engines=self._build.engines)
        return await self._opened.enter_async_context(run)

    def _members(self) -> pa.Table:
        found = [A_MEMBER.empty_table()]
        for part, some in self._night.touched.items():
            found.append(self._build.lakehouse.directory.members(part) if some is None else some.members)
        return pa.concat_tables([one.cast(A_MEMBER) for one in found])


def _touched(build: Build, store: UrlStore, part: str, file: PartFile, customers: pa.Table) -> Touched | None:
    before = read(store, file, ["profile_id", MEMBERS, DUE])
    if before is None:
        return None
    return touched(build.lakehouse.directory.members(part), before, customers, micros(build.now))


def _joined(night: Night, world: World, part: str, fresh: pa.Table, changed: pa.Table | None) -> pa.Table:
    """Return a part: the rows of the last build, as they are today, and those of who was touched."""
    some, before = night.touched[part], read(night.store, night.base[part])
    if some is None or before is None:
        raise RuntimeError(f"part {part} of the last build was there a moment ago")
    left_out = pa.concat_tables([some.gone, some.members.select(["profile_id"])])
    is_left = pc.invert(pc.is_in(before["profile_id"], value_set=left_out["profile_id"].combine_chunks()))
    before = before.filter(is_left)
    moved = followed(night.carried, before, world)
    columns = {"profile_id": before["profile_id"], MEMBERS: before[MEMBERS], DUE: before[DUE]}
    columns |= {name: before[source] for name, source in night.carried.kept.items()}
    columns |= {name: moved[name] for name in night.carried.followed}
    if changed is not None:
        beside = _beside(before, changed, [*night.carried.anew, DUE])
        columns |= beside | {DUE: pc.min_element_wise(columns[DUE], beside[DUE])}
    carried = pa.table(columns).select(fresh.column_names).cast(fresh.schema)
    return pa.concat_tables([carried, fresh])


def _whole(part: Part) -> pa.Table:
    """Return what came out of a part, with the hidden columns of whom each profile is made, and when it is due."""
    table = part.table
    known = membership(part.people)
    due = part.due.rename_columns(["profile_id", DUE])
    for other, name in ((known, MEMBERS), (due, DUE)):
        table = table.append_column(name, _beside(table, other, [name])[name])
    return table


def _beside(table: pa.Table, other: pa.Table, names: Sequence[str]) -> dict[str, Any]:
    """Return columns of another table for the same profiles, in the order of this one."""
    places = pc.index_in(table["profile_id"], value_set=other["profile_id"].combine_chunks())
    return {name: other[name].take(places) for name in names}


def _ordered(table: pa.Table, build: Build) -> pa.Table:
    return table.select(["profile_id", *build.columns.known, MEMBERS, DUE]).sort_by("profile_id")

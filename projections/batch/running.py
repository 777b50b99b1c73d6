"""Runs: what people are and where they belong, part by part, in memory that does not grow with their number."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from domain.activity.vocabulary import Vocabulary
from domain.kernel.rules.history import History
from domain.kernel.rules.tree import Context, Rule, Value
from domain.kernel.rules.world import World
from projections.batch.compiling.compiled import Compiler, Kind, Needs
from projections.batch.compiling.instants import micros
from projections.batch.engine import Engine
from projections.batch.lakehouse import Lakehouse
from projections.batch.loading import DuckEngine
from projections.batch.saying import Judge, Judged, said_table, with_rows

# Makes an engine for what a query needs; `until` is the instant (microseconds) before which rows count.
Engines = Callable[[Lakehouse, Needs, int], Engine]
_AT_ONCE: Final = 2_000
_TICK: Final = timedelta(microseconds=1)


# Of whom something said already begins to count later, and when: microseconds since 1970.
_DUE: Final[dict[str, pa.DataType]] = {"profile_id": pa.string(), "due": pa.int64()}
DUE: Final = pa.schema(_DUE)


class Part(msgspec.Struct, frozen=True):
    """A part of all people: how the ids of its profiles begin, what came out of it, and who is `DUE` when.

    `people` are its profiles with their customers, `beside` what else was asked.
    """

    name: str
    table: pa.Table
    people: pa.Table
    due: pa.Table
    beside: pa.Table | None = None


class Questions(msgspec.Struct, frozen=True):
    """What is asked of everybody: values and rules by column, and which kind of value is wanted of a column."""

    values: Mapping[str, Value]
    rules: Mapping[str, Rule]
    kinds: Mapping[str, Kind]


def told(vocabulary: Vocabulary | None = None) -> frozenset[str]:
    """Return the events that are told about people, not done by them."""
    return frozenset(kind.name for kind in (vocabulary or Vocabulary.load()).kinds if not kind.behaviour)


async def values_of(
    lakehouse: Lakehouse,
    values: Mapping[str, Value],
    now: datetime,
    *,
    kinds: Mapping[str, Kind] | None = None,
    engines: Engines = DuckEngine,
) -> AsyncIterator[pa.Table]:
    """Yield a table for each part of the people: profile_id, and a column for each (resolved) value as of `now`.

    `kinds` says which kind of value is wanted of a column; where nothing says it and it may be of several (an
    attribute, a prediction), it comes as a text.
    """
    async with aclosing(parts_of(lakehouse, now, values=values, kinds=kinds, engines=engines)) as parts:
        async for part in parts:
            yield part.table


async def members_of(
    lakehouse: Lakehouse, rules: Mapping[str, Rule], now: datetime, *, engines: Engines = DuckEngine
) -> AsyncIterator[pa.Table]:
    """Yield a table for each part of the people: profile_id, and for each (resolved) rule whether it holds at `now`."""
    async with aclosing(parts_of(lakehouse, now, rules=rules, engines=engines)) as parts:
        async for part in parts:
            yield part.table


async def count(lakehouse: Lakehouse, rule: Rule, now: datetime, *, engines: Engines = DuckEngine) -> int:
    """Return of how many people a (resolved) rule holds."""
    total = 0
    async for table in members_of(lakehouse, {"member": rule}, now, engines=engines):
        total += pc.sum(table["member"].cast(pa.int64())).as_py() or 0
    return total


async def parts_of(
    lakehouse: Lakehouse,
    now: datetime,
    *,
    values: Mapping[str, Value] | None = None,
    rules: Mapping[str, Rule] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    only: Iterable[str] | None = None,
    engines: Engines = DuckEngine,
    beside: Callable[[Engine], pa.Table] | None = None,
) -> AsyncGenerator[Part]:
    """Yield each part (of `only`, else all) with the columns of values and rules, and what is asked beside them."""
    asked = Questions(values or {}, rules or {}, kinds or {})
    async with running(lakehouse, now, asked, engines=engines) as run:
        for name in lakehouse.parts if only is None else only:
            yield await run.part(name, beside)


@asynccontextmanager
async def running(
    lakehouse: Lakehouse,
    now: datetime,
    asked: Questions,
    *,
    is_followed: bool = False,
    engines: Engines = DuckEngine,
) -> "AsyncGenerator[Run]":
    """Make everything ready for asking one part after the other.

    `is_followed` has each part tell from when on words about its people count, that were said already.
    """
    compiler = Compiler(lakehouse.fields, frozenset(lakehouse.world.told) or told(), lakehouse.world.zone, now)
    expression, needs = await asyncio.to_thread(compiler.expression, asked.values, asked.rules, asked.kinds)
    engine = await asyncio.to_thread(engines, lakehouse, needs, micros(now + _TICK))
    world = await world_at(lakehouse, {leaf.at for leaf in needs.leaves if isinstance(leaf.node, Context)})
    judge = Judge(needs.leaves, world, now if is_followed else None) if needs.leaves else None
    try:
        yield Run(lakehouse, engine, expression, needs, judge, await asyncio.to_thread(compiler.sieves, needs))
    finally:
        await asyncio.to_thread(engine.close)


async def world_at(lakehouse: Lakehouse, instants: Collection[datetime]) -> World:
    """Return what rules know beside people, the weather of these instants included."""
    if lakehouse.around is None or not instants:
        return lakehouse.world
    days = {at.astimezone(lakehouse.world.zone).date() for at in instants}
    return msgspec.structs.replace(lakehouse.world, circumstances=await lakehouse.around(days))


class Run(msgspec.Struct, frozen=True):
    """Questions made ready; one part at a time."""

    lakehouse: Lakehouse
    engine: Engine
    expression: Any
    needs: Needs
    judge: Judge | None
    sieves: Mapping[int, Any]

    async def part(self, name: str, beside: Callable[[Engine], pa.Table] | None = None) -> Part:
        """Return what a part comes to, and what is asked beside it."""
        people = await asyncio.to_thread(self.engine.load, name)
        due = _no_due()
        if self.judge is not None:
            engine = self.engine
            candidates = {number: await asyncio.to_thread(_passing, engine, one) for number, one in self.sieves.items()}
            asked = _Asked(self.judge, self.needs, engine, candidates)
            said, due = await _said(self.lakehouse, asked, people)
            await asyncio.to_thread(engine.say, said)
        table = await asyncio.to_thread(self.engine.result, self.expression)
        asked_beside = None if beside is None else await asyncio.to_thread(beside, self.engine)
        return Part(name, table, people, due, asked_beside)


class _Asked(msgspec.Struct, frozen=True):
    """What is judged person by person; of some leaves (by number) only these people can be such."""

    judge: Judge
    needs: Needs
    engine: Engine
    candidates: Mapping[int, frozenset[int]]

    @property
    def odd(self) -> list[int]:
        """The leaves that look at whole histories."""
        return [number for number, leaf in enumerate(self.needs.leaves) if leaf.is_odd]

    def ruled_out(self, n: int) -> list[int]:
        """Return the leaves that cannot hold of a person."""
        return [number for number, people in self.candidates.items() if n not in people]


def _passing(engine: Engine, sieve: Any) -> frozenset[int]:
    found = engine.result(sieve)
    return frozenset(n for n in found["n"].to_pylist() if n is not None)


async def _said(lakehouse: Lakehouse, asked: _Asked, people: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Judge the leaves, some people at a time; and tell when they are due."""
    found: list[pa.Table] = []
    due: list[pa.Table] = []
    for batch in people.to_batches(max_chunksize=_AT_ONCE):
        columns: list[list[Any]] = [batch.column(name).to_pylist() for name in ("n", "profile_id", "customers")]
        numbers, ids, groups = columns
        words = await lakehouse.words(dict(zip(ids, groups, strict=True)))
        histories = {n: words.get(one, History(profile_id=one)) for n, one in zip(numbers, ids, strict=True)}
        judged = await asyncio.to_thread(_judged, asked, histories)
        found.append(said_table(list(judged), judged.values(), len(asked.needs.leaves)))
        some = {histories[n].profile_id: micros(one.due) for n, one in judged.items() if one.due is not None}
        due.append(_due(some))
    none = said_table([], [], len(asked.needs.leaves))
    return pa.concat_tables([none, *found]), pa.concat_tables([_no_due(), *due])


def _due(instants: Mapping[str, int]) -> pa.Table:
    return pa.table([pa.array(instants.keys(), pa.string()), pa.array(instants.values(), pa.int64())], schema=DUE)


def _no_due() -> pa.Table:
    return DUE.empty_table()


def _judged(asked: _Asked, histories: Mapping[int, History]) -> dict[int, Judged]:
    whole = dict(histories)
    odd = asked.odd
    looked_at = {n: one for n, one in histories.items() if set(odd) - set(asked.ruled_out(n))}
    if looked_at:
        rows: dict[Any, pa.Table] = {level: asked.engine.rows(level, looked_at) for level in ("events", "items")}
        whole |= dict(with_rows(looked_at, rows, asked.needs))
    return {n: asked.judge.judged(one, asked.ruled_out(n)) for n, one in whole.items()}

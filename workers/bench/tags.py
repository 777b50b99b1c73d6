"""`tags`: 300 tags of everybody, beside the same 300 as hand-written SQL over the same files."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from domain.kernel.rules.tree import Value
from domain.kernel.rules.world import World
from projections.batch.running import values_of
from projections.lake.parquet import BUCKETS
from workers.bench.apart import alone
from workers.bench.report import Floor, Report, load
from workers.bench.tag_data import NOW_MICROS, events_file, lakehouse_in, make
from workers.bench.tag_definitions import Ranked, direct, ranked, since

DEFAULT_ITEMS = 10_000_000
NOW: Final = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=NOW_MICROS)
_CLOSE: Final = 1e-9


async def tags(items: int) -> Report:
    """Measure both ways, one after the other, each in a fresh process."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="koi-bench-tags-") as name:
        folder = Path(name)
        customers = await asyncio.to_thread(make, folder, items)
        ours = await asyncio.to_thread(alone, by_rules, folder)
        plain = await asyncio.to_thread(alone, by_hand, folder)
        wrong = await asyncio.to_thread(_different, folder)
    return Report(
        bench="tags",
        value=ours.cpu,
        unit="CPU-s",
        floor=Floor("the same tags as hand-written SQL over the same files", plain.cpu, "CPU-s"),
        ratio=ours.cpu / plain.cpu,
        cpu_ms_per_item=ours.cpu * 1000 / items,
        items=items,
        lost=wrong,
        duplicated=0,
        seconds=time.perf_counter() - began,
        load=load(),
        further={
            "tags": float(len(direct()) + len(ranked())),
            "customers": float(customers),
            "wall, s": ours.seconds,
            "wall of the SQL by hand, s": plain.seconds,
            "peak memory, MB": ours.megabytes,
            "peak memory of the SQL by hand, MB": plain.megabytes,
        },
    )


def by_rules(folder: Path) -> None:
    """Write the tags as Koi computes them."""
    wanted: list[Value] = [*(tag.value for tag in direct()), *(tag.value for tag in ranked())]
    values = {f"t{i}": value for i, value in enumerate(wanted)}
    world = World(zone=ZoneInfo("Asia/Shanghai"))

    async def run() -> None:
        number = 0
        async for table in values_of(lakehouse_in(folder, world), values, NOW):
            _keep(folder, "rules", number, table)
            number += 1

    asyncio.run(run())


def by_hand(folder: Path) -> None:
    """Write the tags as somebody who knows DuckDB would write them for this one shop."""
    statement = _by_hand()
    with duckdb.connect(config={"threads": 2, "memory_limit": "700MB"}) as connection:
        connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
        for bucket in range(BUCKETS):
            events, people = events_file(folder, bucket), events_file(folder, bucket).replace("events-", "people-")
            connection.execute(f"CREATE OR REPLACE TEMP TABLE e AS FROM read_parquet('{events}')")
            connection.execute(f"CREATE OR REPLACE TEMP TABLE p AS FROM read_parquet('{people}')")
            _keep(folder, "hand", bucket, connection.sql(statement).to_arrow_table())


def _by_hand() -> str:
    simple = direct()
    aggregates = ", ".join(f"{tag.sql} AS t{i}" for i, tag in enumerate(simple))
    counts = [i for i, tag in enumerate(simple) if tag.key.startswith("count") and "/" not in tag.key]
    columns = [f"coalesce(d.t{i}, 0) AS t{i}" if i in counts else f"d.t{i}" for i in range(len(simple))]
    parts, joins = (
        [f"d AS (SELECT customer_id, {aggregates} FROM e GROUP BY customer_id)"],
        ["LEFT JOIN d USING (customer_id)"],
    )
    numbered = list(enumerate(ranked(), len(simple)))
    numbered.sort(key=lambda one: (one[1].event, one[1].field))
    for number, ((event, field), group) in enumerate(groupby(numbered, key=lambda one: (one[1].event, one[1].field))):
        some = list(group)
        parts += list(_values_by_hand(number, event, field, some))
        joins.append(f"LEFT JOIN r{number} USING (customer_id)")
        columns += [f"coalesce(t{i}, 0) AS t{i}" if not one.rank else f"t{i}" for i, one in some]
    ordered = ", ".join(sorted(columns, key=lambda one: int(one.rpartition("t")[2])))
    return f"WITH {', '.join(parts)} SELECT p.customer_id AS profile_id, {ordered} FROM p {' '.join(joins)}"


def _values_by_hand(number: int, event: str, field: str, some: list[tuple[int, Ranked]]) -> Iterator[str]:
    windows = sorted({one.days for _, one in some})
    counts = ", ".join(f'count_if("at" >= {since(days)}) AS n{days}' for days in windows)
    yield (
        f"v{number} AS (SELECT customer_id, f_{field} AS v, {counts} FROM e WHERE name = '{event}' "
        f"AND f_{field} IS NOT NULL GROUP BY ALL)"
    )
    found = []
    for i, one in some:
        if not one.rank:
            found.append(f"count_if(n{one.days} > 0) AS t{i}")
        else:
            key = f"{{'c': -n{one.days}, 'v': v}}"
            most = f"min(CASE WHEN n{one.days} > 0 THEN {key} END, {one.rank})"
            found.append(f"({most})[{one.rank}].v AS t{i}")
    yield f"r{number} AS (SELECT customer_id, {', '.join(found)} FROM v{number} GROUP BY customer_id)"


def _keep(folder: Path, way: str, number: int, table: pa.Table) -> None:
    pq.write_table(table, folder / f"{way}-{number:02d}.parquet", compression="zstd")


def _different(folder: Path) -> int:
    """Return how many customers have any tag that the two ways do not agree in; sums of decimals up to rounding."""
    with duckdb.connect() as connection:
        rules, hand = (f"read_parquet('{folder / way}-*.parquet')" for way in ("rules", "hand"))
        described = connection.sql(f"DESCRIBE FROM {rules}").fetchall()
        tests = [_is_different(name, type_) for name, type_, *_ in described if name != "profile_id"]
        both = f"FROM {rules} AS a FULL JOIN {hand} AS b ON a.profile_id = b.profile_id"
        missing = "a.profile_id IS NULL OR b.profile_id IS NULL"
        ((wrong,),) = connection.sql(f"SELECT count(*) {both} WHERE {missing} OR {' OR '.join(tests)}").fetchall()
        return int(wrong)


def _is_different(name: str, type_: str) -> str:
    if type_ != "DOUBLE":
        return f"a.{name} IS DISTINCT FROM b.{name}"
    close = f"abs(a.{name} - b.{name}) <= {_CLOSE} * greatest(1, abs(b.{name}))"
    return f"((a.{name} IS NULL) <> (b.{name} IS NULL) OR NOT coalesce({close}, true))"

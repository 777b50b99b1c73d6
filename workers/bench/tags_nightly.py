"""`tags-nightly`: the tags of everybody a night later, beside building them anew; also where most sleep."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from domain.kernel.rules.tree import Measure, Value
from domain.kernel.rules.world import World
from projections.batch.building import build_tags
from projections.batch.columns import DUE, Definitions
from projections.batch.compiling.compiled import Kind
from projections.batch.news import CUSTOMERS
from projections.batch.writing import Manifest, builds
from projections.lake.store import UrlStore
from workers.bench.apart import Took, alone
from workers.bench.report import Floor, Report, load
from workers.bench.tag_data import lakehouse_in, make
from workers.bench.tag_definitions import direct, ranked
from workers.bench.tags import NOW

DEFAULT_ITEMS = 10_000_000
_ASLEEP: Final = 0.8
_NIGHT: Final = timedelta(days=1)
_CLOSE: Final = 1e-9


class _Nights(NamedTuple):
    """The next night, the same anew, the share of people touched, and people who differ in any tag."""

    next: Took
    anew: Took
    touched: float
    wrong: int


async def tags_nightly(items: int) -> Report:
    """Measure a night after a full build, and that night as a full build, each in a fresh process."""
    began = time.perf_counter()
    awake = await asyncio.to_thread(_measure, items, 0.0)
    asleep = await asyncio.to_thread(_measure, items, _ASLEEP)
    return Report(
        bench="tags-nightly",
        value=awake.next.cpu,
        unit="CPU-s",
        floor=Floor("the same night built anew", awake.anew.cpu, "CPU-s"),
        ratio=awake.next.cpu / awake.anew.cpu,
        cpu_ms_per_item=awake.next.cpu * 1000 / items,
        items=items,
        lost=awake.wrong + asleep.wrong,
        duplicated=0,
        seconds=time.perf_counter() - began,
        load=load(),
        further={
            "people touched, %": awake.touched * 100,
            "peak memory, MB": awake.next.megabytes,
            "80 % asleep for a year: CPU-s": asleep.next.cpu,
            "80 % asleep: anew, CPU-s": asleep.anew.cpu,
            "80 % asleep: people touched, %": asleep.touched * 100,
        },
    )


def first_night(folder: Path) -> None:
    """Build the tags as of the night before."""
    _build(folder, "nightly", NOW - _NIGHT)


def next_night(folder: Path) -> None:
    """Build them a night later, from what there is."""
    _build(folder, "nightly", NOW)


def anew(folder: Path) -> None:
    """Build that night from nothing."""
    _build(folder, "anew", NOW)


def _measure(items: int, asleep: float) -> _Nights:
    with tempfile.TemporaryDirectory(prefix="koi-bench-nightly-") as name:
        folder = Path(name)
        make(folder, items, asleep=asleep)
        alone(first_night, folder)
        night, full = alone(next_night, folder), alone(anew, folder)
        last, whole = _last(folder, "nightly"), _last(folder, "anew")
        wrong = sum(_different(*pair) for pair in _pairs(folder, last, whole))
        return _Nights(night, full, last.origin.touched / last.rows, wrong)


def _build(folder: Path, into: str, now: datetime) -> None:
    values: list[Value] = [*(tag.value for tag in direct()), *(tag.value for tag in ranked())]
    kinds: dict[str, Kind] = {
        f"t{i}": "text" if isinstance(value, Measure) and value.take == "top" else "number"
        for i, value in enumerate(values)
    }
    definitions = Definitions({f"t{i}": value for i, value in enumerate(values)}, kinds)

    async def nothing(_position: int) -> pa.Table:
        return CUSTOMERS.empty_table()  # what a day brings is seen by when it happened

    lakehouse = lakehouse_in(folder, World(zone=ZoneInfo("Asia/Shanghai")))
    lakehouse = msgspec.structs.replace(lakehouse, news=nothing)
    asyncio.run(build_tags(lakehouse, definitions, now, UrlStore((folder / into).as_uri())))


def _last(folder: Path, into: str) -> Manifest:
    return builds(UrlStore((folder / into).as_uri()))[0]


def _pairs(folder: Path, last: Manifest, whole: Manifest) -> Iterator[tuple[pa.Table, pa.Table]]:
    for one, other in zip(last.files, whole.files, strict=True):
        # When somebody has to be looked at again may be known later by one than by the other.
        yield tuple(
            pq.read_table(folder / into / file.path).drop_columns([DUE])  # type: ignore[misc] # of two
            for into, file in (("nightly", one), ("anew", other))
        )


def _different(one: pa.Table, other: pa.Table) -> int:
    """Return how many people differ in any tag; sums of decimals agree up to rounding."""
    wrong = np.zeros(one.num_rows, dtype=bool)
    for name in one.column_names:
        if not one[name].equals(other[name]):
            wrong |= _differing(one[name], other[name])
    return int(wrong.sum())


def _differing(mine: "pa.ChunkedArray[Any]", yours: "pa.ChunkedArray[Any]") -> NDArray[np.bool_]:
    if not pa.types.is_floating(mine.type):
        pairs = zip(mine.to_pylist(), yours.to_pylist(), strict=True)
        return np.fromiter((this != that for this, that in pairs), dtype=bool, count=len(mine))
    close: NDArray[np.bool_] = np.isclose(mine.to_numpy(), yours.to_numpy(), rtol=_CLOSE, atol=0.0, equal_nan=True)
    return ~close

"""`segment-count`: how many people does a rule mean? Three conditions and an exclusion, by the build and by bitmaps."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from domain.kernel.rules.tree import All, Compare, Not, Rule, Tag
from projections.batch.built import BuiltTags
from projections.segment_bitmaps.judging import Bitmaps
from workers.bench.report import Floor, Report, load, percentile

DEFAULT_ITEMS = 10_000_000
_PART: Final = 1_000_000
_CITIES: Final = 300
_WANTED: Final = 60
_TIERS: Final = 8
_SPENT: Final = 200.0
_REPEATS: Final = 21
_COUNTED: Final = All(
    of=(
        Compare(left=Tag(key="city"), op="in", right=tuple(f"city {number}" for number in range(_WANTED))),
        Compare(left=Tag(key="tier"), right="tier 1"),
        Compare(left=Tag(key="spent"), op="gt", right=_SPENT),
        Not(of=Compare(left=Tag(key="opted_out"), right=True)),
    )
)


class _Crowd:
    """Made-up people, the same in every run, as the plain arrays that the floor scans."""

    def __init__(self, people: int) -> None:
        drawn = np.random.default_rng(7)
        self.city = drawn.integers(0, _CITIES, people, dtype=np.int32)
        self.tier = drawn.integers(0, _TIERS, people, dtype=np.int32)
        self.spent = np.round(drawn.gamma(1.0, 200.0, people), 2)
        self.opted_out = drawn.random(people) < 0.05  # noqa: PLR2004 - a share of a made-up population

    def fill(self, built: BuiltTags) -> None:
        """Bring them into a build of tags."""
        for first in range(0, len(self.city), _PART):
            part = slice(first, first + _PART)
            numbers = range(first, first + len(self.city[part]))
            built.add(
                pa.table(
                    {
                        "profile_id": pa.array([f"{number:032x}" for number in numbers]),
                        "city": _words(self.city[part], "city", _CITIES),
                        "tier": _words(self.tier[part], "tier", _TIERS),
                        "spent": self.spent[part],
                        "opted_out": self.opted_out[part],
                    }
                )
            )
        built.settle()

    def scanned(self) -> int:
        """Count by one pass of numpy over each column, words being small numbers already: the floor."""
        meant = (self.city < _WANTED) & (self.tier == 1) & (self.spent > _SPENT) & ~self.opted_out
        return int(np.count_nonzero(meant))


async def segment_count(items: int) -> Report:
    """Measure the editor's count over a build of tags, the same by bitmaps, and numpy's scan beside them."""
    return await asyncio.to_thread(_measured, items)


def _measured(items: int) -> Report:
    began = time.perf_counter()
    crowd = _Crowd(items)
    built = BuiltTags({"city": "text", "tier": "text", "spent": "number", "opted_out": "flag"})
    crowd.fill(built)
    scanning = percentile(_timed(crowd.scanned), 0.5)
    cpu, editor = _with_cpu(lambda: built.count(_COUNTED))
    meant, by_bitmaps = _by_bitmaps(built)
    right = crowd.scanned()
    wrong = abs(built.count(_COUNTED) - right) + abs(meant - right)
    built.close()
    return Report(
        bench="segment-count",
        value=percentile(editor, 0.5),
        unit="ms",
        floor=Floor("numpy, one scan of each column", scanning, "ms"),
        ratio=percentile(editor, 0.5) / scanning,
        cpu_ms_per_item=cpu,
        items=items,
        lost=wrong,
        duplicated=0,
        seconds=time.perf_counter() - began,
        load=load(),
        p50_ms=percentile(editor, 0.5),
        p95_ms=percentile(editor, 0.95),
        p99_ms=percentile(editor, 0.99),
        further={"people meant": float(right), **by_bitmaps},
    )


def _by_bitmaps(built: BuiltTags) -> tuple[int, dict[str, float]]:
    """Return whom bitmaps count, and how fast: the same rule again and again, and one with another amount each time."""
    began = time.perf_counter()
    bitmaps = Bitmaps(built)
    meant = bitmaps.count(_COUNTED)
    making = time.perf_counter() - began
    cpu, counting = _with_cpu(lambda: bitmaps.count(_COUNTED))
    others = _timed_over(bitmaps, [_spending(_SPENT + number) for number in range(_REPEATS)])
    return meant, {
        "by bitmaps, p50 ms": percentile(counting, 0.5),
        "by bitmaps, p99 ms": percentile(counting, 0.99),
        "by bitmaps, another amount each time, p50 ms": percentile(others, 0.5),
        "by bitmaps, CPU ms": cpu,
        "bitmaps of four tags made, s": making,
    }


def _spending(amount: float) -> Rule:
    """Return the rule with another border."""
    city, tier, _, left_out = _COUNTED.of
    return All(of=(city, tier, Compare(left=Tag(key="spent"), op="gt", right=amount), left_out))


def _timed(counted: Callable[[], int]) -> list[float]:
    """Return how many milliseconds each of some calls took; the first one, which warms up, is left out."""
    counted()
    taken = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        counted()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _timed_over(bitmaps: Bitmaps, rules: list[Rule]) -> list[float]:
    taken = []
    for rule in rules:
        began = time.perf_counter()
        bitmaps.count(rule)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _with_cpu(counted: Callable[[], int]) -> tuple[float, list[float]]:
    before = time.process_time()
    taken = _timed(counted)
    return (time.process_time() - before) * 1000 / (_REPEATS + 1), taken


def _words(codes: npt.NDArray[np.int32], name: str, count: int) -> "pa.Array[Any]":
    words = pa.array([f"{name} {number}" for number in range(count)])
    found: pa.Array[Any] = pa.DictionaryArray.from_arrays(codes, words).cast(pa.string())
    return found

"""Ask about everybody: how many are in, who they are, how it came to be over time, and who is in several at once."""

import hashlib
import heapq
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.kernel.rules.tree import AsOf, Rule

if TYPE_CHECKING:
    import pyarrow as pa

    from projections.batch.lakehouse import Lakehouse

# So many instants are asked for in one walk through everybody.
_INSTANTS_AT_ONCE: Final = 24
_MEMBER: Final = "member"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """How many of all people are in, and some of them by profile id: always the same ones for a salt."""

    count: int
    people: int
    sample: list[str]


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How many were in as of an instant."""

    at: datetime
    count: int


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """How many are in each pair of segments; the diagonal is each by itself. `share` is of those in either."""

    keys: list[str]
    counts: list[list[int]]
    shares: list[list[float]]


async def count(lakehouse: "Lakehouse", rule: Rule, at: datetime, *, sample: int = 0, salt: str = "") -> Found:
    """Return how many are in as of an instant, and so many of them."""
    total = people = 0
    smallest: list[tuple[int, str]] = []
    async for table in _tables(lakehouse, {_MEMBER: rule}, at):
        total += _sum(table, _MEMBER)
        people += table.num_rows
        if sample:
            some = ((_place(salt, one), one) for one in _members(table))
            smallest = heapq.nsmallest(sample, [*smallest, *some])
    return Found(count=total, people=people, sample=[one for _, one in smallest])


async def members(lakehouse: "Lakehouse", rule: Rule, at: datetime, *, after: str = "") -> AsyncGenerator[list[str]]:
    """Yield the profile ids of those who are in, in order, from the one after `after` on; a part of them at a time."""
    from projections.batch.running import parts_of

    parts = [one for one in lakehouse.parts if one >= after[: lakehouse.digits]]
    async with aclosing(parts_of(lakehouse, at, rules={_MEMBER: rule}, only=parts)) as found:
        async for part in found:
            yield sorted(one for one in _members(part.table) if one > after)


async def sizes(lakehouse: "Lakehouse", rule: Rule, instants: Iterable[datetime]) -> list[Size]:
    """Return how many were in as of each instant, whenever the rule was thought of: its true history."""
    ordered = sorted(set(instants))
    found: list[Size] = []
    for start in range(0, len(ordered), _INSTANTS_AT_ONCE):
        some = ordered[start : start + _INSTANTS_AT_ONCE]
        rules: dict[str, Rule] = {f"i{number}": AsOf(rule=rule, at=at) for number, at in enumerate(some)}
        counts = await counted(lakehouse, rules, some[-1])
        found += [Size(at=at, count=counts[f"i{number}"]) for number, at in enumerate(some)]
    return found


async def counted(lakehouse: "Lakehouse", rules: Mapping[str, Rule], at: datetime) -> dict[str, int]:
    """Return how many are in by each rule as of an instant."""
    totals = dict.fromkeys(rules, 0)
    async for table in _tables(lakehouse, rules, at):
        for key in rules:
            totals[key] += _sum(table, key)
    return totals


async def overlap(lakehouse: "Lakehouse", rules: Mapping[str, Rule], at: datetime) -> Overlap:
    """Return how many are in each pair of segments as of an instant."""
    import numpy as np

    keys = list(rules)
    counts = np.zeros((len(keys), len(keys)), dtype=np.int64)
    # Names of our own: a segment may be called like a column of the query.
    named = {f"s{number}": rules[key] for number, key in enumerate(keys)}
    async for table in _tables(lakehouse, named, at):
        inside = np.array([table[name].to_numpy() for name in named], dtype=np.float32)
        counts += (inside @ inside.T).astype(np.int64)
    return matrix(keys, counts.tolist())


def matrix(keys: Sequence[str], counts: list[list[int]]) -> Overlap:
    """Return an overlap by the counts of all pairs, with the shares that follow from them."""
    shares = [
        [_share(counts[i][j], counts[i][i] + counts[j][j] - counts[i][j]) for j in range(len(keys))]
        for i in range(len(keys))
    ]
    return Overlap(keys=list(keys), counts=counts, shares=shares)


def _share(both: int, either: int) -> float:
    return round(both / either, 6) if either else 0.0


async def _tables(lakehouse: "Lakehouse", rules: Mapping[str, Rule], at: datetime) -> AsyncGenerator["pa.Table"]:
    # Late, here and below: the API answers its first request before it has loaded what computes over everybody.
    from projections.batch.running import parts_of

    async with aclosing(parts_of(lakehouse, at, rules=rules)) as parts:
        async for part in parts:
            yield part.table


def _members(table: "pa.Table") -> list[str]:
    chosen: Any = table.filter(table[_MEMBER])["profile_id"].to_pylist()
    return list(chosen)


def _sum(table: "pa.Table", column: str) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    return int(pc.sum(table[column].cast(pa.int64())).as_py() or 0)


def _place(salt: str, profile_id: str) -> int:
    return int.from_bytes(hashlib.md5(f"{salt}:{profile_id}".encode(), usedforsecurity=False).digest()[:8])

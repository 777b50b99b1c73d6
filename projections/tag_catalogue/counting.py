"""How the values of a tag are spread over everybody: coverage, and numbers or the most frequent texts."""

from collections import Counter
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from domain.kernel.rules.tree import Value
from domain.tags.definition import MOST_VALUES, Type
from projections.batch.compiling.compiled import Kind
from projections.batch.lakehouse import Lakehouse
from projections.batch.running import values_of

KINDS: Final[dict[Type, Kind]] = {
    "number": "number", "money": "number", "share": "number", "text": "text", "boolean": "flag",
}  # fmt: skip
_SHARES: Final = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
_SHOWN: Final = 50
_VALUE: Final = "value"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A value and how many people have it."""

    value: str | bool
    people: int


class Quantile(msgspec.Struct, frozen=True, kw_only=True):
    """The value that a share of those who have one do not exceed."""

    share: float
    value: float


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """Of `people`, `covered` have a value (of a tag that is true or false: it is true).

    Numbers have `quantiles` and a `mean`, others the most frequent `values`; of a text with more values than are
    counted (`is_cut`) the rarer ones are passed over.
    """

    at: datetime
    people: int
    covered: int
    quantiles: list[Quantile] = []
    mean: float | None = None
    values: list[Counted] = []
    distinct: int | None = None
    is_cut: bool = False
    sample: list[str] = []


async def distribution(
    lakehouse: Lakehouse, value: Value, type_: Type, at: datetime, *, sample: int = 0
) -> Distribution:
    """Return how a (resolved) value is spread, and some people who have one, by profile id."""
    spread = _Spread(type_, sample)
    tables = values_of(lakehouse, {_VALUE: value}, at, kinds={_VALUE: KINDS[type_]})
    async with aclosing(tables) as parts:  # type: ignore[type-var] # an async generator
        async for table in parts:
            spread.take(table)
    return spread.told(at)


class _Spread:
    def __init__(self, type_: Type, sample: int) -> None:
        self._is_number = KINDS[type_] == "number"
        self._is_flag = type_ == "boolean"
        self._wanted = sample
        self.people = self.covered = 0
        self._numbers: list[Any] = []
        self._counts: Counter[Any] = Counter()
        self._is_cut = False
        self._sample: list[str] = []

    def take(self, table: pa.Table) -> None:
        self.people += table.num_rows
        # What is missing is no more true than what is false.
        some = table.filter(table[_VALUE] if self._is_flag else pc.is_valid(table[_VALUE]))
        self.covered += some.num_rows
        room = max(0, self._wanted - len(self._sample))
        self._sample += map(str, some["profile_id"].slice(0, room).to_pylist())
        if self._is_number:
            self._numbers.append(some[_VALUE].to_numpy().astype(np.float64))
        else:
            for one in pc.value_counts(table[_VALUE].drop_null()):
                self._counts[one["values"].as_py()] += one["counts"].as_py()
            if len(self._counts) > MOST_VALUES:
                self._is_cut = True
                self._counts = Counter(dict(self._counts.most_common(MOST_VALUES)))

    def told(self, at: datetime) -> Distribution:
        numbers = np.concatenate(self._numbers) if self._numbers else np.array([])
        quantiles = np.quantile(numbers, _SHARES) if numbers.size else []
        return Distribution(
            at=at,
            people=self.people,
            covered=self.covered,
            quantiles=[Quantile(share=s, value=float(q)) for s, q in zip(_SHARES, quantiles, strict=False)],
            mean=float(numbers.mean()) if numbers.size else None,
            values=[Counted(value=value, people=n) for value, n in self._counts.most_common(_SHOWN)],
            distinct=None if self._is_number else len(self._counts),
            is_cut=self._is_cut,
            sample=self._sample,
        )

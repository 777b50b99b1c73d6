"""How the values of a tag are spread over everybody: coverage, and numbers or the most frequent texts."""

from collections import Counter
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.tags.breadth import MOST_VALUES, too_many
from domain.tags.definition import Type
from projections.tag_catalogue.checking import CheckedTag

# What computes is loaded where it is used: it costs a second of processor time, and many never ask.
if TYPE_CHECKING:
    import pyarrow as pa

    from projections.batch.compiling.compiled import Kind
    from projections.batch.lakehouse import Lakehouse

KINDS: "Final[dict[Type, Kind]]" = {
    "number": "number", "money": "number", "share": "number", "text": "text", "boolean": "flag",
}  # fmt: skip
_SHARES: Final = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
_SHOWN: Final = 50
_VALUE: Final = "value"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A value and how many people have it."""

    value: str | bool | float
    people: int


class Quantile(msgspec.Struct, frozen=True, kw_only=True):
    """The value that a share of those who have one do not exceed."""

    share: float
    value: float


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """Of `people`, `covered` have a value (of a tag that is true or false: it is true).

    `values` are the most frequent ones of `distinct` different ones, the most frequent first; numbers have `quantiles`
    and a `mean` beside. `sample` are some who have a value (profile ids), from the least to the greatest.
    """

    at: datetime
    people: int
    covered: int
    quantiles: list[Quantile] = []
    mean: float | None = None
    values: list[Counted] = []
    distinct: int = 0
    sample: list[str] = []


async def distribution(
    lakehouse: "Lakehouse", tag: CheckedTag, type_: Type, at: datetime, *, sample: int = 0, most: int = MOST_VALUES
) -> Distribution:
    """Return how a value is spread, and some people who have one.

    Raises `TooManyValuesError` for a text that has more than `most` different values.
    """
    from projections.batch.running import values_of

    spread = _Spread(type_, sample)
    tables = values_of(lakehouse, {_VALUE: tag.resolved}, at, kinds={_VALUE: KINDS[type_]})
    async with aclosing(tables) as parts:  # type: ignore[type-var] # an async generator
        async for table in parts:
            spread.take(table)
            if type_ == "text" and len(spread.counts) > most:
                raise too_many(tag.value, most, spread.people)
    return spread.told(at)


class _Spread:
    def __init__(self, type_: Type, sample: int) -> None:
        self._is_number = KINDS[type_] == "number"
        self._is_flag = type_ == "boolean"
        self._wanted = sample
        self.people = self.covered = 0
        self._numbers: list[Any] = []
        self.counts: Counter[Any] = Counter()
        self._sample: list[str] = []

    def take(self, table: "pa.Table") -> None:
        import numpy as np
        import pyarrow.compute as pc

        self.people += table.num_rows
        # What is missing is no more true than what is false.
        some = table.filter(table[_VALUE] if self._is_flag else pc.is_valid(table[_VALUE]))
        self.covered += some.num_rows
        if self._is_number:
            self._numbers.append(some[_VALUE].to_numpy().astype(np.float64))
        else:
            for one in pc.value_counts(table[_VALUE].drop_null()):
                self.counts[one["values"].as_py()] += one["counts"].as_py()
        self._choose(some)

    def _choose(self, some: "pa.Table") -> None:
        """Choose people whose values lie far apart, of the first parts that have any."""
        import numpy as np

        if len(self._sample) == self._wanted or not some.num_rows:
            return
        places = np.linspace(0, some.num_rows - 1, min(self._wanted, some.num_rows)).round().astype(np.int64)
        chosen = some.sort_by([(_VALUE, "ascending"), ("profile_id", "ascending")]).take(places)
        found = [str(one) for one in chosen["profile_id"].to_pylist()]
        self._sample = [*self._sample, *found][: self._wanted]

    def told(self, at: datetime) -> Distribution:
        import numpy as np

        numbers = np.concatenate(self._numbers) if self._numbers else np.array([])
        quantiles = np.quantile(numbers, _SHARES) if numbers.size else []
        values, distinct = self._values(numbers)
        return Distribution(
            at=at,
            people=self.people,
            covered=self.covered,
            quantiles=[Quantile(share=s, value=float(q)) for s, q in zip(_SHARES, quantiles, strict=False)],
            mean=float(numbers.mean()) if numbers.size else None,
            values=values,
            distinct=distinct,
            sample=self._sample,
        )

    def _values(self, numbers: Any) -> tuple[list[Counted], int]:
        import numpy as np

        if not self._is_number:
            most = self.counts.most_common(_SHOWN)
            return [Counted(value=value, people=n) for value, n in most], len(self.counts)
        different, counts = np.unique(numbers, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:_SHOWN]
        return [Counted(value=float(different[one]), people=int(counts[one])) for one in order], len(different)

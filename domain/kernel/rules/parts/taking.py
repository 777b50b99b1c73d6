"""What is taken over the occurrences of a window: counts, sums, the most frequent, the first and last."""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from domain.kernel.rules.clocks import day_of
from domain.kernel.rules.kinds import Known, number, place
from domain.kernel.rules.parts.series import Series
from domain.kernel.rules.tree import Scalar, Take


class Slice(NamedTuple):
    """The occurrences of a series from `low` to before `high`, the field in question, and when it is asked."""

    series: Series
    low: int
    high: int
    field: str
    rank: int
    now: datetime
    zone: ZoneInfo

    def values(self) -> list[Scalar | None]:
        """Return the values of the field, None where it is missing."""
        return self.series.column(self.field).values(self.low, self.high)

    def numbers(self) -> list[int | float]:
        """Return the values that are numbers."""
        return [one for one in self.values() if one.__class__ is int or one.__class__ is float]

    def days_since(self, index: int) -> int:
        """Return how many midnights of the zone there were since the occurrence."""
        return (day_of(self.now, self.zone) - day_of(self.series.times[index], self.zone)).days


def _count(part: Slice) -> Known:
    return part.high - part.low


def _sum(part: Slice) -> Known:
    column = part.series.column(part.field)
    if not column.count(part.low, part.high):
        return None
    whole = column.whole_sum(part.low, part.high)
    return _finite(lambda: math.fsum(part.numbers())) if whole is None else whole


def _mean(part: Slice) -> Known:
    total = number(_sum(part))
    if total is None:
        return None
    count = part.series.column(part.field).count(part.low, part.high)
    return _finite(lambda: total / count)


def _stddev(part: Slice) -> Known:
    """Return that of the sample: none of a single number."""
    numbers = part.numbers()
    if len(numbers) < 2:  # noqa: PLR2004 - a spread needs two
        return None

    def spread() -> float:
        mean = math.fsum(numbers) / len(numbers)
        return math.sqrt(math.fsum((one - mean) ** 2 for one in numbers) / (len(numbers) - 1))

    return _finite(spread)


def _finite(work: Callable[[], float]) -> float | None:
    try:
        result = work()
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def _counted(part: Slice) -> list[tuple[Scalar, int]]:
    """Return each value with how often it is there; True and 1 are two, though Python finds them equal."""
    values = [value for value in part.values() if value is not None]
    if bool in set(map(type, values)):
        counts = Counter((value.__class__ is bool, value) for value in values)
        return [(value, count) for (_, value), count in counts.items()]
    return list(Counter(values).items())


def _distinct(part: Slice) -> Known:
    return len(_counted(part))


def _top(part: Slice) -> Known:
    counted = _counted(part)
    if part.rank > len(counted):
        return None
    ranked = sorted(counted, key=lambda one: (-one[1], place(one[0])))
    return ranked[part.rank - 1][0]


def _end(part: Slice, indexes: range) -> Known:
    """Return the value of the first of the indexes that has one; of several at one instant the greatest."""
    occurrences, field = part.series.occurrences, part.field
    found: list[Scalar] = []
    at: datetime | None = None
    for index in indexes:
        one = occurrences[index]
        if at is not None and one.occurred_at != at:
            break
        if (value := one.fields.get(field)) is not None:
            at = one.occurred_at
            found.append(value)
    return max(found, key=place, default=None)


def _active_days(part: Slice) -> Known:
    return part.series.days(part.low, part.high, part.zone)


# What is taken of at least one occurrence; `count` and its like need none.
TAKES: Final[Mapping[Take, Callable[[Slice], Known]]] = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "min": lambda part: min(part.numbers(), default=None),
    "max": lambda part: max(part.numbers(), default=None),
    "stddev": _stddev,
    "distinct": _distinct,
    "top": _top,
    "first": lambda part: _end(part, range(part.low, part.high)),
    "last": lambda part: _end(part, range(part.high - 1, part.low - 1, -1)),
    "active_days": _active_days,
    "days_since_first": lambda part: part.days_since(part.low) if part.low < part.high else None,
    "days_since_last": lambda part: part.days_since(part.high - 1) if part.low < part.high else None,
}

"""Occurrences of one kind in the order of time, with running sums: counts and sums of any window are two look-ups."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple

from domain.kernel.rules.history import Occurrence
from domain.kernel.rules.kinds import number
from domain.kernel.rules.tree import Level, Rule, Scalar
from domain.kernel.rules.windows import Bounds


class Kind(NamedTuple):
    """Which occurrences belong to a series; no `events`: all behaviour."""

    events: tuple[str, ...]
    of: Level
    where: Rule | None


class Column:
    """The values of one field, aligned with the series; sums run on as whole numbers, floats are added when asked."""

    __slots__ = ("_field", "_floats", "_numbers", "_sums", "values")

    def __init__(self, field: str) -> None:
        self._field = field
        self.values: list[Scalar | None] = []
        self._numbers = [0]
        self._floats = [0]
        self._sums = [0]

    def extend(self, occurrences: list[Occurrence]) -> None:
        """Take in what the column does not have yet."""
        for occurrence in occurrences[len(self.values) :]:
            value = occurrence.fields.get(self._field)
            whole = value if value.__class__ is int else 0
            self.values.append(value)
            self._numbers.append(self._numbers[-1] + (number(value) is not None))
            self._floats.append(self._floats[-1] + (value.__class__ is float))
            self._sums.append(self._sums[-1] + whole)

    def forget(self, start: int) -> None:
        """Drop what stands from here on."""
        del self.values[start:], self._numbers[start + 1 :], self._floats[start + 1 :], self._sums[start + 1 :]

    def count(self, low: int, high: int) -> int:
        """Return how many numbers there are."""
        return self._numbers[high] - self._numbers[low]

    def whole_sum(self, low: int, high: int) -> int | None:
        """Return the sum of the numbers if all of them are whole."""
        return None if self._floats[high] - self._floats[low] else self._sums[high] - self._sums[low]


class Series:
    """The occurrences of a kind of one person."""

    __slots__ = ("_columns", "occurrences", "times")

    def __init__(self) -> None:
        self.times: list[datetime] = []
        self.occurrences: list[Occurrence] = []
        self._columns: dict[str, Column] = {}

    def add(self, occurrence: Occurrence) -> None:
        """Take in an occurrence at its place, which mostly is the end."""
        times = self.times
        place = len(times)
        if times and occurrence.occurred_at < times[-1]:
            place = bisect_right(times, occurrence.occurred_at)
            for column in self._columns.values():
                column.forget(place)
        times.insert(place, occurrence.occurred_at)
        self.occurrences.insert(place, occurrence)

    def span(self, bounds: Bounds) -> tuple[int, int]:
        """Return where the occurrences inside begin and end."""
        since, before = bounds
        times = self.times
        low = bisect_left(times, since) if since is not None else 0
        # Nearly always everything is before the end.
        high = len(times) if not times or times[-1] < before else bisect_left(times, before)
        return low, max(low, high)

    def column(self, field: str) -> Column:
        """Return the values of a field."""
        found = self._columns.get(field)
        if found is None:
            found = self._columns[field] = Column(field)
        if len(found.values) < len(self.occurrences):
            found.extend(self.occurrences)
        return found


class Sorter:
    """Puts each occurrence into the series it belongs to."""

    def __init__(self, kinds: Mapping[Kind, Callable[[Mapping[str, Scalar]], bool] | None]) -> None:
        """Take the kinds, in the order of their series, each with its test of the fields."""
        self._named: dict[tuple[Level, str], list[int]] = {}
        self._any: dict[Level, list[int]] = {"events": [], "items": []}
        self._tests = tuple(kinds.values())
        for index, kind in enumerate(kinds):
            for name in dict.fromkeys(kind.events):
                self._named.setdefault((kind.of, name), []).append(index)
            if not kind.events:
                self._any[kind.of].append(index)

    def sort(self, occurrence: Occurrence, of: Level, told: AbstractSet[str], into: list[Series]) -> list[int]:
        """Add the occurrence wherever it belongs; returns the numbers of these series."""
        found = [index for index in self._named.get((of, occurrence.name), ()) if self._fits(index, occurrence)]
        if occurrence.name not in told:
            found += [index for index in self._any[of] if self._fits(index, occurrence)]
        for index in found:
            into[index].add(occurrence)
        return found

    def _fits(self, index: int, occurrence: Occurrence) -> bool:
        test = self._tests[index]
        return test is None or test(occurrence.fields)

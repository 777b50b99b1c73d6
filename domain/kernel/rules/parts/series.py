"""Occurrences of one kind in the order of time, with running sums: counts and sums of any window are two look-ups."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple

from domain.kernel.rules.history import Occurrence
from domain.kernel.rules.kinds import number
from domain.kernel.rules.tree import Compare, Field, Level, Rule, Scalar
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
    """Puts each occurrence into the series it belongs to.

    Series that ask a field for certain values are found by the value: a hundred tags, one for each category, cost an
    item one look-up.
    """

    def __init__(self, kinds: Mapping[Kind, Callable[[Mapping[str, Scalar]], bool] | None]) -> None:
        """Take the kinds, in the order of their series, each with its test of the fields."""
        self._named: dict[tuple[Level, str], _Takers] = {}
        self._any: dict[Level, _Takers] = {"events": _Takers(), "items": _Takers()}
        for index, (kind, test) in enumerate(kinds.items()):
            for name in dict.fromkeys(kind.events):
                self._named.setdefault((kind.of, name), _Takers()).add(index, kind.where, test)
            if not kind.events:
                self._any[kind.of].add(index, kind.where, test)

    def sort(self, occurrence: Occurrence, of: Level, told: AbstractSet[str], into: list[Series]) -> list[int]:
        """Add the occurrence wherever it belongs; returns the numbers of these series."""
        takers = self._named.get((of, occurrence.name))
        found = takers.of(occurrence.fields) if takers is not None else []
        if occurrence.name not in told:
            found += self._any[of].of(occurrence.fields)
        for index in found:
            into[index].add(occurrence)
        return found


class _Takers:
    """The series that may take an occurrence of one name: all, those whose test it passes, those of a value it has."""

    __slots__ = ("_all", "_by_value", "_tested")

    def __init__(self) -> None:
        self._all: list[int] = []
        self._tested: list[tuple[int, Callable[[Mapping[str, Scalar]], bool]]] = []
        self._by_value: dict[str, dict[tuple[bool, Scalar], list[int]]] = {}

    def add(self, index: int, where: Rule | None, test: Callable[[Mapping[str, Scalar]], bool] | None) -> None:
        if test is None:
            self._all.append(index)
        elif (asked := _values_asked(where)) is not None:
            field, values = asked
            table = self._by_value.setdefault(field, {})
            for value in values:
                table.setdefault(value, []).append(index)
        else:
            self._tested.append((index, test))

    def of(self, fields: Mapping[str, Scalar]) -> list[int]:
        found = self._all.copy()
        for field, table in self._by_value.items():
            value = fields.get(field)
            if value is not None and (takers := table.get(_told_apart(value))) is not None:
                found += takers
        return found + [index for index, test in self._tested if test(fields)]


def _values_asked(where: Rule | None) -> tuple[str, frozenset[tuple[bool, Scalar]]] | None:
    """Return the field and the values, if that is all that is asked."""
    if isinstance(where, Compare) and isinstance(where.left, Field):
        if where.op == "eq" and isinstance(where.right, str | int | float | bool):
            return where.left.name, frozenset({_told_apart(where.right)})
        if where.op == "in" and isinstance(where.right, tuple):
            return where.left.name, frozenset(map(_told_apart, where.right))
    return None


def _told_apart(value: Scalar) -> tuple[bool, Scalar]:
    # True equals 1 for Python, but not for rules.
    return value.__class__ is bool, value

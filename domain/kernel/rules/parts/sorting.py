"""Sorting what a person did into the series of a set of rules: her whole history at once, then event by event."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import itemgetter
from typing import Final

from domain.kernel.rules.history import Occurrence
from domain.kernel.rules.parts.series import Kind, Series
from domain.kernel.rules.tree import Compare, Field, Level, Rule, Scalar

Test = Callable[[Mapping[str, Scalar]], bool]
# A value as fields have it: True equals 1 for Python, but not for rules.
_Told = tuple[bool, Scalar]
_time: Final = itemgetter(0)


class Sorter:
    """Puts each occurrence into the series it belongs to.

    Series that ask a field for certain values are found by the value: a hundred tags, one for each category, cost an
    item one look-up.
    """

    def __init__(self, kinds: Mapping[Kind, Test | None]) -> None:
        """Take the kinds, in the order of their series, each with its test of the fields."""
        self._count = len(kinds)
        self._groups: dict[Level, dict[tuple[str, ...], _Takers]] = {"events": {}, "items": {}}
        for index, (kind, test) in enumerate(kinds.items()):
            self._groups[kind.of].setdefault(kind.events, _Takers()).add(index, kind.where, test)
        self._named: dict[tuple[Level, str], list[_Takers]] = defaultdict(list)
        for level, groups in self._groups.items():
            for events, takers in groups.items():
                for name in events:
                    self._named[level, name].append(takers)

    def laid_out(
        self, events: Sequence[Occurrence], items: Sequence[Occurrence], told: AbstractSet[str]
    ) -> list[Series]:
        """Return the series of a whole history."""
        series = [Series([], []) for _ in range(self._count)]
        self._lay_out(self._groups["events"], sorted(events, key=_time), told, series)
        self._lay_out(self._groups["items"], sorted(items, key=_time), told, series)
        return series

    def sort(self, occurrence: Occurrence, of: Level, told: AbstractSet[str], into: list[Series]) -> list[int]:
        """Add the occurrence wherever it belongs; returns the numbers of these series."""
        takers = self._named.get((of, occurrence.name), [])
        found = [index for one in takers for index in one.of(occurrence.fields)]
        if occurrence.name not in told and (anything := self._groups[of].get(())) is not None:
            found += anything.of(occurrence.fields)
        for index in found:
            into[index].add(occurrence)
        return found

    def _lay_out(
        self,
        groups: "Mapping[tuple[str, ...], _Takers]",
        occurrences: list[Occurrence],
        told: AbstractSet[str],
        series: list[Series],
    ) -> None:
        places: dict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(occurrences):
            places[one.name].append(place)
        times = [one.occurred_at for one in occurrences]
        for events, takers in groups.items():
            names = events or (places.keys() - told)
            parts = [places[name] for name in names if name in places]
            if not parts:
                continue
            here = parts[0] if len(parts) == 1 else sorted(place for part in parts for place in part)
            for index, chosen in takers.among(here, occurrences):
                series[index].occurrences += [occurrences[place] for place in chosen]
                series[index].times += [times[place] for place in chosen]


class _Takers:
    """The series of the same events: those that take all of them, pass them by a test, or by a value they have."""

    __slots__ = ("_all", "_by_value", "_tested")

    def __init__(self) -> None:
        self._all: list[int] = []
        self._tested: list[tuple[int, Test]] = []
        self._by_value: dict[str, dict[_Told, list[int]]] = {}

    def add(self, index: int, where: Rule | None, test: Test | None) -> None:
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
        """Return the series that take an occurrence with these fields."""
        found = self._all.copy()
        for field, table in self._by_value.items():
            value = fields.get(field)
            if value is not None and (takers := table.get((value.__class__ is bool, value))) is not None:
                found += takers
        return found + [index for index, test in self._tested if test(fields)]

    def among(self, places: list[int], occurrences: list[Occurrence]) -> Iterable[tuple[int, list[int]]]:
        """Return each series with the places of the occurrences that it takes."""
        for index in self._all:
            yield index, places
        for field, table in self._by_value.items():
            taken: dict[int, list[int]] = defaultdict(list)
            for place in places:
                value = occurrences[place].fields.get(field)
                if value is not None and (takers := table.get((value.__class__ is bool, value))) is not None:
                    for index in takers:
                        taken[index].append(place)
            yield from taken.items()
        for index, test in self._tested:
            yield index, [place for place in places if test(occurrences[place].fields)]


def _values_asked(where: Rule | None) -> tuple[str, frozenset[_Told]] | None:
    """Return the field and the values, if that is all that is asked."""
    if isinstance(where, Compare) and isinstance(where.left, Field):
        if where.op == "eq" and isinstance(where.right, str | int | float | bool):
            return where.left.name, frozenset({_told_apart(where.right)})
        if where.op == "in" and isinstance(where.right, tuple):
            return where.left.name, frozenset(map(_told_apart, where.right))
    return None


def _told_apart(value: Scalar) -> _Told:
    return value.__class__ is bool, value

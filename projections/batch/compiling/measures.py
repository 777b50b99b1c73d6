"""Measures as few aggregations: those over the same events share one pass, and so do those of one narrow window."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import ibis
import msgspec

from domain.kernel.rules.tree import Level, Measure, Rule
from projections.batch.compiling.instants import EPOCH, Span, day_number, span
from projections.batch.compiling.joining import Joined
from projections.batch.compiling.known import Column, Known
from projections.batch.compiling.rows import Rows
from projections.batch.compiling.scalars import rule
from projections.batch.compiling.taking import BY_VALUE, aggregate, counted, finished, most_frequent

# A window gets a pass of its own, over its rows alone, if so many measures share it.
_ENOUGH: Final = 3


class Wanted(NamedTuple):
    """A measure at an instant, its window as numbers; `where` is the JSON of its rule."""

    of: Level
    events: tuple[str, ...]
    where: bytes
    span: Span
    take: str
    field: str
    rank: int
    today: int


class _Pass(NamedTuple):
    """What one aggregation goes over."""

    of: Level
    events: tuple[str, ...]
    span: Span | None


class _Place(NamedTuple):
    """Where a measure is found: a column of the joined table, and what kind of value it holds."""

    column: str
    kind: str
    is_inside: bool = False


class _Part(NamedTuple):
    """An aggregation by person, and where the measures are in it."""

    table: Any
    places: dict[Wanted, _Place]


def wanted(node: Measure, now: datetime, zone: ZoneInfo) -> Wanted:
    """Return a measure with its window worked out."""
    return Wanted(
        of=node.of,
        events=tuple(sorted(set(node.events))),
        where=b"" if node.where is None else msgspec.json.encode(node.where),
        span=span(node.within, now, zone),
        take=node.take,
        field=node.field or "",
        rank=node.rank,
        today=day_number(now, zone),
    )


class Measures:
    """Collects what is measured (`want`), says which tables it is in (`tables`), and tells where it is (`known`)."""

    def __init__(self, rows: dict[Level, Rows], told: frozenset[str]) -> None:
        self._rows = rows
        self._told = told
        self._wanted: dict[Wanted, Rule | None] = {}
        self._places: dict[Wanted, _Place] = {}
        self._columns = 0

    def want(self, one: Wanted, where: Rule | None) -> None:
        """Note a measure."""
        self._wanted.setdefault(one, where)

    def known(self, one: Wanted, whole: Any) -> Known:
        """Return what a measure comes to, in the joined table."""
        place = self._places.get(one)
        if place is None:
            return Known(number=ibis.literal(0, type="int64")) if one.take == "distinct" else Known()
        column = whole[place.column]
        if place.is_inside:
            column = column["value"]
        return Known(**{place.kind: finished(one.take, column, one.today)})

    def tables(self) -> list[Joined]:
        """Return the tables that the measures are in, to be joined to the people."""
        sharing = Counter((one.of, one.events, one.span) for one in self._wanted)
        passes: dict[_Pass, list[Wanted]] = {}
        for one in self._wanted:
            is_own = sharing[one.of, one.events, one.span] >= _ENOUGH
            passes.setdefault(_Pass(one.of, one.events, one.span if is_own else None), []).append(one)
        parts = [part for key, ones in passes.items() for part in self._parts(key, ones)]
        for part in parts:
            self._places |= part.places
        return [Joined(part.table, {place.column: place.column for place in part.places.values()}) for part in parts]

    def _parts(self, key: _Pass, ones: Iterable[Wanted]) -> Iterator[_Part]:
        rows = self._rows[key.of]
        rows = rows.filter(rows.named(key.events, self._told))
        if key.span is not None:
            rows = rows.filter(rows.inside(*key.span))
        direct: list[Wanted] = []
        valued: dict[str, list[Wanted]] = {}
        for one in ones:
            if one.take in BY_VALUE:
                valued.setdefault("" if one.take == "active_days" else one.field, []).append(one)
            else:
                direct.append(one)
        if direct:
            yield from self._direct(key, direct, rows)
        for field, sharing in valued.items():
            yield from self._valued(key, field, sharing, rows)

    def _direct(self, key: _Pass, ones: Iterable[Wanted], rows: Rows) -> Iterator[_Part]:
        found: dict[str, Column] = {}
        places: dict[Wanted, _Place] = {}
        for one in ones:
            field = rows.known(one.field)
            column = aggregate(one.take, rows.table, field, self._test(one, key, rows))
            if column is not None:
                name = self._name()
                found[name] = column
                kind = next(iter(field.columns)) if one.take in {"first", "last"} else "number"
                places[one] = _Place(name, kind)
        if found:
            yield _Part(rows.table.group_by("n").agg(**found), places)

    def _valued(self, key: _Pass, field: str, ones: Iterable[Wanted], rows: Rows) -> Iterator[_Part]:
        """Count each value of each person once, for all windows; then what is distinct or most frequent among them."""
        kinds = rows.known(field).columns if field else {"number": rows.table["day"]}
        for kind, column in kinds.items():  # declared fields are of one kind
            tests = {one: self._test(one, key, rows) for one in ones}
            told = rows.table.filter(column.notnull()).mutate(value=column)
            counts = {self._name(): (one, counted(test, told)) for one, test in tests.items()}
            values = told.group_by("n", "value").agg(**{name: count for name, (_, count) in counts.items()})
            yield from self._ranked(kind, values, {name: one for name, (one, _) in counts.items()})

    def _ranked(self, kind: str, values: Any, counts: dict[str, Wanted]) -> Iterator[_Part]:
        found: dict[str, Column] = {}
        places: dict[Wanted, _Place] = {}
        for name, one in counts.items():
            if one.take == "top" and one.rank > 1:
                yield self._later(kind, values, name, one)
                continue
            is_top = one.take == "top"
            found[name] = most_frequent(values["value"], values[name]) if is_top else counted(values[name] > 0, values)
            places[one] = _Place(name, kind if is_top else "number", is_inside=is_top)
        if found:
            yield _Part(values.group_by("n").agg(**found), places)

    def _later(self, kind: str, values: Any, count: str, one: Wanted) -> _Part:
        """Return the value of a later rank: the most frequent has rank 1."""
        there = values.filter(values[count] > 0)
        order = ibis.window(group_by="n", order_by=[ibis.desc(count), "value"])
        ordered = there.mutate(place=ibis.row_number().over(order))
        name = self._name()
        table = ordered.filter(ordered["place"] == one.rank - 1).select("n", **{name: ordered["value"]})
        return _Part(table, {one: _Place(name, kind)})

    def _test(self, one: Wanted, key: _Pass, rows: Rows) -> Column | None:
        where = self._wanted[one]
        test = None if key.span is not None else rows.inside(*one.span)
        if where is None:
            return test
        matches = rule(where, EPOCH, rows)
        return matches if test is None else matches & test

    def _name(self) -> str:
        self._columns += 1
        return f"m{self._columns}"

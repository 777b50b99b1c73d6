"""Measures: a number or word taken from what a person did inside a window."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from domain.kernel.rules.clocks import day_of, midnight
from domain.kernel.rules.kinds import Known
from domain.kernel.rules.parts.building import MomentBuilder
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.part import Change, Test, ValuePart, soonest
from domain.kernel.rules.parts.passing import content_change, critical, entering, is_passing, leaving
from domain.kernel.rules.parts.series import Kind
from domain.kernel.rules.parts.taking import TAKES, Slice
from domain.kernel.rules.tree import Measure

# So many of the oldest are taken away to see whether a test turns; then it is looked at anew. Sums cost two look-ups,
# everything else goes through what is left.
_LOOKED_AT: Final = 8
_LOOKED_AT_SUMS: Final = 64


def measure(node: Measure, build: MomentBuilder) -> ValuePart[Moment]:
    """Return the measure, which several rules share at a moment."""
    series = build.series(Kind(node.events, node.of, node.where))
    window = build.window(node.within)
    read = _read(node, series, window, build.slot())
    if node.take == "count":
        return ValuePart(read, lambda moment: content_change(moment, series, window), _count_turn(series, window))
    if node.take in {"days_since_first", "days_since_last"}:
        turn = _days_turn(series, window, read, is_last=node.take == "days_since_last")
        return ValuePart(read, _days_change(series, window), turn)
    turn = _turn(node, series, window, read)
    return ValuePart(read, lambda moment: content_change(moment, series, window), turn)


def next_midnight(moment: Moment) -> Change:
    """Return when the zone's next day begins."""
    zone = moment.person.world.zone
    return midnight(day_of(moment.now, zone) + timedelta(days=1), zone)


def _read(node: Measure, series: int, window: int, slot: int) -> Callable[[Moment], Known]:
    take, field, rank = TAKES[node.take], node.field or "", node.rank

    def work(moment: Moment) -> Known:
        low, high = moment.span(series, window)
        person = moment.person
        return take(Slice(person.series[series], low, high, field, rank, moment.now, person.world.zone))

    def count(moment: Moment) -> Known:
        low, high = moment.span(series, window)
        return high - low

    worker = count if node.take == "count" else work
    return lambda moment: moment.remembered(slot, worker)


def _count_turn(series: int, window: int) -> Callable[[Moment, Test, tuple[float, ...]], Change]:
    """A test of a count turns when so many are gone that it says otherwise: one timer, not one an occurrence."""

    def turn(moment: Moment, test: Test, marks: tuple[float, ...]) -> Change:
        low, high = moment.span(series, window)
        coming = entering(moment, series, window)
        inside = high - low
        is_true = test(inside)
        for fewer in reversed(critical(marks)):
            if 0 <= fewer < inside and test(fewer) != is_true:
                return soonest((leaving(moment, series, window, high - fewer - 1), coming))
        return coming

    return turn


def _turn(
    node: Measure, series: int, window: int, read: Callable[[Moment], Known]
) -> Callable[[Moment, Test, tuple[float, ...]], Change]:
    """A test of anything else turns when so many of the oldest are gone that the rest says otherwise."""
    take, field, rank = TAKES[node.take], node.field or "", node.rank
    most = _LOOKED_AT_SUMS if node.take in {"sum", "mean"} else _LOOKED_AT

    def turn(moment: Moment, test: Test, _marks: tuple[float, ...]) -> Change:
        low, high = moment.span(series, window)
        coming = entering(moment, series, window)
        if low == high or not is_passing(moment, window):
            return coming
        is_true, person = test(read(moment)), moment.person
        rest = Slice(person.series[series], low, high, field, rank, moment.now, person.world.zone)
        for index in range(low, min(low + most, high)):
            if test(take(rest._replace(low=index + 1))) != is_true:
                return soonest((leaving(moment, series, window, index), coming))
        if low + most < high:
            return soonest((leaving(moment, series, window, low + most), coming))
        return coming

    return turn


def _days_change(series: int, window: int) -> Callable[[Moment], Change]:
    def change(moment: Moment) -> Change:
        low, high = moment.span(series, window)
        tomorrow = next_midnight(moment) if low < high else None
        return soonest((tomorrow, content_change(moment, series, window)))

    return change


def _days_turn(
    series: int, window: int, read: Callable[[Moment], Known], *, is_last: bool
) -> Callable[[Moment, Test, tuple[float, ...]], Change]:
    """A test of the days since turns on the midnight at which they are enough, or when there is nothing any more."""

    def turn(moment: Moment, test: Test, marks: tuple[float, ...]) -> Change:
        low, high = moment.span(series, window)
        coming = entering(moment, series, window)
        if low == high:
            return coming
        index = high - 1 if is_last else low
        enough = days_turn(moment, read(moment), test, marks)
        return soonest((enough, leaving(moment, series, window, index), coming))

    return turn


def days_turn(moment: Moment, days: Known, test: Test, marks: tuple[float, ...]) -> Change:
    """Return the midnight at which a count of days that is `days` now makes the test come out otherwise."""
    if not isinstance(days, int):
        return None
    is_true, zone = test(days), moment.person.world.zone
    for more in critical(marks):
        if more > days and test(more) != is_true:
            try:
                return midnight(day_of(moment.now, zone) + timedelta(days=more - days), zone)
            except OverflowError:  # after the year 9999
                return None
    return None

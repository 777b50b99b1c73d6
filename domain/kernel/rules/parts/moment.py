"""A person whose history is laid out for a set of rules, and moments of hers, at which rules are judged."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from domain.kernel.rules.history import History, Occurrence
from domain.kernel.rules.parts.series import Series
from domain.kernel.rules.parts.sorting import Sorter
from domain.kernel.rules.tree import Level, Window
from domain.kernel.rules.windows import Bounds, bounds
from domain.kernel.rules.world import World

R = TypeVar("R")
_UNKNOWN: Final = object()


class Layout:
    """What the moments of a set of rules hold: the series, and how many results and windows there are to remember."""

    def __init__(self, sorter: Sorter, series: int, results: int, windows: tuple[Window | None, ...]) -> None:
        self.sorter = sorter
        self.series = series
        self.results = results
        self.windows = windows


class Person:
    """One person, laid out. What she does anew is added in constant time, late events at their place."""

    __slots__ = ("_layout", "history", "series", "world")

    def __init__(self, layout: Layout, history: History, world: World) -> None:
        self._layout = layout
        self.history = history
        self.world = world
        self.series: list[Series] = layout.sorter.laid_out(history.events, history.items, world.told)

    def add(self, occurrence: Occurrence, of: Level = "events") -> list[int]:
        """Take in something she did, and return the numbers of the series it belongs to.

        `history` stays as it was: its words are what counts from then on.
        """
        return self._layout.sorter.sort(occurrence, of, self.world.told, self.series)

    def at(self, now: datetime) -> "Moment":
        """Return the person as she is at an instant (UTC)."""
        return Moment(self, now, self._layout)


class Moment:
    """A person at an instant. Whatever several rules ask is worked out once."""

    __slots__ = ("_bounds", "_layout", "_results", "now", "person")

    def __init__(self, person: Person, now: datetime, layout: Layout) -> None:
        self.person = person
        self.now = now
        self._layout = layout
        self._results: list[Any] = [_UNKNOWN] * layout.results
        self._bounds: list[Bounds | None] = [None] * len(layout.windows)

    def at(self, now: datetime) -> "Moment":
        """Return another moment of the same person."""
        return Moment(self.person, now, self._layout)

    def window(self, window: int) -> Window | None:
        """Return the window of this number."""
        return self._layout.windows[window]

    def bounds(self, window: int) -> Bounds:
        """Return what is inside the window of this number."""
        found = self._bounds[window]
        if found is None:
            found = self._bounds[window] = bounds(self._layout.windows[window], self.now, self.person.world.zone)
        return found

    def span(self, series: int, window: int) -> tuple[int, int]:
        """Return where the occurrences of a series inside a window begin and end."""
        return self.person.series[series].span(self.bounds(window))

    def remembered(self, slot: int, read: Callable[["Moment"], R]) -> R:
        """Return the result of this number, worked out if it is asked for the first time."""
        found: R = self._results[slot]
        if found is _UNKNOWN:
            found = self._results[slot] = read(self)
        return found

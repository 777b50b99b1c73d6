"""Occurrences of one kind in the order of time: counts and sums of any window are two look-ups."""

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.kernel.rules.clocks import day_of, midnight
from domain.kernel.rules.history import Occurrence
from domain.kernel.rules.parts.columns import Column
from domain.kernel.rules.tree import Level, Rule
from domain.kernel.rules.windows import Bounds

_DAY = timedelta(days=1)


class Kind(NamedTuple):
    """Which occurrences belong to a series; no `events`: all behaviour."""

    events: tuple[str, ...]
    of: Level
    where: Rule | None


class Series:
    """The occurrences of a kind of one person."""

    __slots__ = ("_columns", "_days", "occurrences", "times")

    def __init__(self, occurrences: list[Occurrence], times: list[datetime]) -> None:
        """Take them in the order of time."""
        self.times = times
        self.occurrences = occurrences
        self._columns: dict[str, Column] = {}
        self._days: list[int] = []

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
        self._days.clear()

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
            found = self._columns[field] = Column(field, self.occurrences)
        return found

    def days(self, low: int, high: int, zone: ZoneInfo) -> int:
        """Return on how many days of the zone the occurrences from `low` to before `high` are."""
        if low == high:
            return 0
        if not self._days:
            self._days = _firsts(self.times, zone)
        firsts = self._days
        # The day that `low` is in counts, be it the first of it or not.
        return bisect_left(firsts, high) - bisect_right(firsts, low) + 1


def _firsts(times: list[datetime], zone: ZoneInfo) -> list[int]:
    """Return the places at which a day begins."""
    found, index = [], 0
    while index < len(times):
        found.append(index)
        try:
            tomorrow = midnight(day_of(times[index], zone) + _DAY, zone)
        except OverflowError:  # after the year 9999
            break
        index = bisect_left(times, tomorrow, index + 1)
    return found

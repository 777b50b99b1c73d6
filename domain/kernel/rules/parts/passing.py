"""When what a window holds changes by itself: its oldest goes, or something comes in that happened before."""

import functools
import math

from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.part import Change, soonest
from domain.kernel.rules.tree import Between, Calendar, Last
from domain.kernel.rules.windows import leaves, stay


def content_change(moment: Moment, series: int, window: int) -> Change:
    """Return when the occurrences of a series inside a window are others than now."""
    low, high = moment.span(series, window)
    gone = leaving(moment, series, window, low) if low < high else None
    return soonest((gone, entering(moment, series, window)))


def is_passing(moment: Moment, window: int) -> bool:
    """Say whether what is inside the window leaves it some time."""
    return isinstance(moment.window(window), Last | Calendar)


def leaving(moment: Moment, series: int, window: int, index: int) -> Change:
    """Return when the occurrence at this place, which is inside, leaves."""
    happened = moment.person.series[series].times[index]
    return leaves(moment.window(window), happened, moment.person.world.zone, moment.now)


def entering(moment: Moment, series: int, window: int) -> Change:
    """Return when the next occurrence comes in."""
    _, high = moment.span(series, window)
    times = moment.person.series[series].times
    kind = moment.window(window)
    for happened in times[high:]:
        if (found := stay(kind, happened, moment.person.world.zone)) is not None:
            return found.enters
        if isinstance(kind, Between):
            return None
    return None


@functools.lru_cache(maxsize=1_024)
def critical(marks: tuple[float, ...]) -> tuple[int, ...]:
    """Return the whole numbers, in order, at which a comparison with these numbers may come out otherwise."""
    return tuple(sorted({math.floor(mark) + step for mark in marks if math.isfinite(mark) for step in (-1, 0, 1)}))

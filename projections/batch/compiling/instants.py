"""Instants, days and windows as whole numbers, which every engine compares alike."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from domain.kernel.rules.tree import Window
from domain.kernel.rules.windows import bounds

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Span(NamedTuple):
    """From `since` (None: the beginning) to before `before`, in microseconds since 1970."""

    since: int | None
    before: int


def micros(at: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (at - EPOCH) // _MICROSECOND


def day_number(at: datetime, zone: ZoneInfo) -> int:
    """Return the day of the zone as days since 1970."""
    return (at.astimezone(zone).date() - EPOCH.date()).days


def span(window: Window | None, now: datetime, zone: ZoneInfo) -> Span:
    """Return what is inside a window at an instant."""
    since, before = bounds(window, now, zone)
    return Span(None if since is None else micros(since), micros(before))

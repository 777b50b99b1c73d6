"""A zone's clock made monotone, so that days, months and years can be counted on it whatever daylight saving does."""

import functools
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.kernel.rules.tree import Unit

TICK: Final = timedelta(microseconds=1)
FOREVER: Final = datetime.max.replace(tzinfo=UTC)
_MONTHS: Final = 12
_REMEMBERED: Final = 8_192
_ELAPSED: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_DAYS: Final = {"day": 1, "week": 7}


def clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the time that the zone's clock shows, without a zone; it never runs back.

    When a clock is put back, it stands still at the end of the hour that comes twice until that is over.
    """
    local = instant.astimezone(zone)
    return _held(instant, local) if local.fold else local.replace(tzinfo=None)


def instant_of(shown: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) at which the clock shows this time, or has passed over it in a spring-forward gap.

    `FOREVER` where it is after the year 9999.
    """
    try:
        local = shown.replace(tzinfo=zone)
        instant = local.astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == shown:
            return instant
        later = local.replace(fold=1).astimezone(UTC)
    except OverflowError:
        return FOREVER
    return _transition(zone, min(instant, later) - timedelta(seconds=1), max(instant, later))


def added(instant: datetime, amount: int, unit: Unit, zone: ZoneInfo) -> datetime:
    """Return the instant so many units later: monotone in `instant`; `FOREVER` after the year 9999.

    Minutes and hours are elapsed time, the others are counted on the clock; for a day that a month lacks, it is the
    first of the next one at midnight. A negative amount counts back.
    """
    try:
        if step := _ELAPSED.get(unit):
            return instant + amount * step
        found = _at_same_time(instant, amount, unit, zone)
        if found is not None and _is_steady(zone, instant, found):
            return found
        return instant_of(_moved(clock(instant, zone), amount, unit), zone)
    except (OverflowError, ValueError):  # before the year 1, or after 9999
        if amount < 0:
            raise OverflowError from None
        return FOREVER


def unexpired(instant: datetime, amount: int, unit: Unit, zone: ZoneInfo) -> datetime | None:
    """Return the earliest time whose `amount` of units is not over at the instant, if that is easy; None: search it.

    It is a microsecond after the same time so many units before, where the clock has one offset at all of these.
    Raises `OverflowError` before the year 1.
    """
    if step := _ELAPSED.get(unit):
        return instant - amount * step + TICK
    try:
        found = _at_same_time(instant, -amount, unit, zone)
    except ValueError:  # a year below 1
        raise OverflowError from None
    return found + TICK if found is not None and _is_steady(zone, instant, found, found + TICK) else None


def _is_steady(zone: ZoneInfo, *instants: datetime) -> bool:
    """Say whether the clock has one offset at these instants, and none of them is in an hour that comes again."""
    shown = [one.astimezone(zone) for one in instants]
    offset = shown[0].utcoffset()
    return all(not one.fold and one.utcoffset() == offset for one in shown)


def _at_same_time(instant: datetime, amount: int, unit: Unit, zone: ZoneInfo) -> datetime | None:
    """Return the instant so many units later as if the offset never changed; None where a month lacks the day."""
    if days := _DAYS.get(unit):
        return instant + timedelta(days=amount * days)
    local = instant.astimezone(zone)
    shown = _moved(local, amount, unit)
    return instant + (shown - local) if shown.day == local.day else None


@functools.lru_cache(maxsize=_REMEMBERED)
def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day of the zone begins."""
    return instant_of(datetime.combine(day, time.min), zone)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """Return the date in the zone."""
    return instant.astimezone(zone).date()


def _moved(shown: datetime, amount: int, unit: Unit) -> datetime:
    if days := _DAYS.get(unit):
        return shown + timedelta(days=amount * days)
    months = shown.year * _MONTHS + shown.month - 1 + (amount * _MONTHS if unit == "year" else amount)
    year, month = divmod(months, _MONTHS)
    try:
        return shown.replace(year=year, month=month + 1)
    except ValueError:
        year, month = divmod(months + 1, _MONTHS)
        return shown.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _held(instant: datetime, local: datetime) -> datetime:
    before = local.replace(fold=0).utcoffset()
    after = local.utcoffset()
    if before is None or after is None:  # a ZoneInfo always tells its offset
        return local.replace(tzinfo=None)
    begun = _transition(_zone_of(local), instant - (before - after), instant)
    return (begun + before).replace(tzinfo=None)


def _zone_of(local: datetime) -> ZoneInfo:
    if not isinstance(local.tzinfo, ZoneInfo):
        raise TypeError("a local time of a ZoneInfo is needed")
    return local.tzinfo


def _transition(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the first second after `low`, and up to `high`, whose offset is not that of `low`."""
    base = low.replace(microsecond=0)
    offset = base.astimezone(zone).utcoffset()
    under, over = 0, int((high - base) / timedelta(seconds=1))
    while over - under > 1:
        middle = (under + over) // 2
        if (base + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            under = middle
        else:
            over = middle
    return base + timedelta(seconds=over)

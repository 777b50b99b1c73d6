"""Days, weeks, months, quarters and years of a zone, by the instants at which they begin."""

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from domain.kernel.rules.clocks import FOREVER, day_of, midnight

PeriodUnit = Literal["day", "week", "month", "quarter", "year"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def period_of(instant: datetime, unit: PeriodUnit, zone: ZoneInfo) -> date:
    """Return the first day of the period that the instant is in.

    A period lasts from its first midnight to the next one's, also where the clock shows a date twice.
    """
    first = _first_day(day_of(instant, zone), unit)
    if instant < midnight(first, zone):
        return shifted(first, -1, unit)
    following = shifted(first, 1, unit)
    return following if instant >= begins(following, zone) else first


def shifted(first: date, periods: int, unit: PeriodUnit) -> date:
    """Return the first day of the period so many later (earlier, if negative); the calendar's ends are the limit."""
    try:
        if unit in _MONTHS:
            year, month = divmod(first.year * 12 + first.month - 1 + periods * _MONTHS[unit], 12)
            return first.replace(year=year, month=month + 1)
        return first + timedelta(days=periods * (7 if unit == "week" else 1))
    except (OverflowError, ValueError):
        return date.max if periods > 0 else date.min


def begins(first: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which the period of this first day begins."""
    return FOREVER if first == date.max else midnight(first, zone)


def _first_day(day: date, unit: PeriodUnit) -> date:
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(month=day.month - (day.month - 1) % _MONTHS[unit], day=1)

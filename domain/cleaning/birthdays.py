"""Birthdays as people and systems write them, by the solar or the lunar calendar, with the year or without."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tyme4py.lunar import LunarDay, LunarMonth

from domain.cleaning.reading import Reading
from domain.cleaning.rules import Rules
from domain.cleaning.texts import even
from domain.context.lunar import LunarDateError, solar_of

_SEPARATED: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?P<rest>[ T].*)?\Z", re.ASCII)
_SHORT_YEAR: Final = re.compile(r"(\d{2})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\Z", re.ASCII)
_RUN: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?P<rest>[ T].*|\d{6})?\Z", re.ASCII)
_NO_YEAR: Final = re.compile(r"(?:--)?(\d{1,2})[-/.月](\d{1,2})日?\Z", re.ASCII)
_LUNAR_FORM: Final = re.compile(r"lunar:(?:(\d{4})-)?(L?)(\d{1,2})-(\d{1,2})\Z", re.ASCII)
_MILLISECONDS: Final = re.compile(r"-?\d{10,14}\Z", re.ASCII)
_LUNAR_YEAR: Final = re.compile(r"(\d{4})年?")
_A_LEAP_YEAR: Final = 2000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CENTURY: Final = 100


def birthday(value: object, rules: Rules, source: str, today: date) -> Reading:
    """Return the birthday as ISO 8601: 1990-05-03, --05-03 where the year is missing.

    By the lunar calendar it is lunar:1990-05-03, or lunar:1990-L05-03 in a leap month. `today` is when it was said:
    nobody is born later, or more years before than the rules allow.
    """
    text = even(value)
    if text is None:
        return Reading.refused("birthday.no_text")
    if not text or not text.strip("0-/. :"):
        return Reading.nothing("birthday.blank")
    if mark := next((one for one in (*rules.birthday.lunar_marks, "lunar") if text.casefold().startswith(one)), None):
        return _lunar(text, mark, today, rules)
    found = _date(text, rules.zone_of(source), today)
    if isinstance(found, str):
        return Reading(rule="birthday.no_year", value=found)
    if found is None:
        return Reading.refused("birthday.no_date") if text not in rules.birthday.placeholders else _PLACEHOLDER
    return _sane(found, rules, today)


_PLACEHOLDER: Final = Reading.nothing("birthday.placeholder")


def _sane(day: date, rules: Rules, today: date) -> Reading:
    if day.isoformat() in rules.birthday.placeholders:
        return _PLACEHOLDER
    if day > today:
        return Reading.refused("birthday.in_future")
    if today.year - day.year > rules.birthday.oldest_age:
        return Reading.refused("birthday.too_old")
    return Reading(rule="birthday.date", value=day.isoformat())


def _date(text: str, zone: ZoneInfo, today: date) -> date | str | None:
    """Return a date, or a text where the year is missing; None for what is neither."""
    if found := _SEPARATED.match(text) or _RUN.match(text):
        day = _made(int(found[1]), int(found[2]), int(found[3]))
        return _in_zone(text, found["rest"] or "", day, zone) if day else None
    if found := _SHORT_YEAR.match(text):
        # The century in which the person is less than a hundred years old.
        year = today.year - today.year % _CENTURY + int(found[1])
        day = _made(year, int(found[2]), int(found[3]))
        return _made(year - _CENTURY, int(found[2]), int(found[3])) if day is None or day > today else day
    if found := _NO_YEAR.match(text):
        day = _made(_A_LEAP_YEAR, int(found[1]), int(found[2]))
        return f"--{day:%m-%d}" if day else None
    if _MILLISECONDS.match(text):
        try:
            return (_EPOCH + timedelta(milliseconds=int(text))).astimezone(zone).date()
        except OverflowError:
            return None
    return None


def _in_zone(text: str, rest: str, day: date, zone: ZoneInfo) -> date | None:
    """Return the day; with an offset it is the source's midnight told elsewhere: 1990-05-02T16:00:00Z is the 3rd."""
    if not rest or rest.isdigit():
        return day
    try:
        moment = datetime.fromisoformat(text.replace("/", "-").replace(".", "-", 2) if "." in text[:8] else text)
        return moment.astimezone(zone).date() if moment.tzinfo else moment.date()
    except (ValueError, OverflowError):
        return day


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _lunar(text: str, mark: str, today: date, rules: Rules) -> Reading:
    year, month, day = _lunar_parts(text, text[len(mark) :].strip(" :：()（）"))
    if month is None or day is None:
        return Reading.refused("birthday.no_lunar_date")
    try:
        born = solar_of(year or _A_LEAP_YEAR, month if year else abs(month), day)
    except LunarDateError:
        return Reading.refused("birthday.no_lunar_date")
    if year is None:
        return Reading(rule="birthday.lunar", value=f"lunar:{abs(month):02d}-{day:02d}")
    sane = _sane(born, rules, today)
    if sane.value is None:
        return sane
    leap = "L" if month < 0 else ""
    return Reading(rule="birthday.lunar", value=f"lunar:{year}-{leap}{abs(month):02d}-{day:02d}")


def _lunar_parts(whole: str, text: str) -> tuple[int | None, int | None, int | None]:
    if found := _LUNAR_FORM.match(whole):
        sign = -1 if found[2] else 1
        return (int(found[1]) if found[1] else None), sign * int(found[3]), int(found[4])
    if found := _SEPARATED.match(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _NO_YEAR.match(text):
        return None, int(found[1]), int(found[2])
    year = _LUNAR_YEAR.match(text)
    rest = text[year.end() :] if year else text
    sign = -1 if rest.startswith("闰") else 1
    rest = rest.removeprefix("闰")
    months = {name: number for number, name in enumerate(LunarMonth.NAMES, 1)} | {"冬月": 11, "腊月": 12}
    days = {name: number for number, name in enumerate(LunarDay.NAMES, 1)}
    named = next((name for name in sorted(months, key=len, reverse=True) if rest.startswith(name)), None)
    number = days.get(rest.removeprefix(named)) if named else None
    return (int(year[1]) if year else None), (sign * months[named] if named else None), number

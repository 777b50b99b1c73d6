"""The lunar date and the solar term of a day."""

import functools
from datetime import date
from typing import Final

import msgspec
from tyme4py.lunar import LunarDay
from tyme4py.solar import SolarDay

from domain.kernel.errors import InvalidInputError

# English names of the package's terms, in its order (0 is the winter solstice).
TERMS_EN: Final = (
    *("Winter Solstice", "Minor Cold", "Major Cold", "Start of Spring", "Rain Water", "Awakening of Insects"),
    *("Spring Equinox", "Clear and Bright", "Grain Rain", "Start of Summer", "Grain Buds", "Grain in Ear"),
    *("Summer Solstice", "Minor Heat", "Major Heat", "Start of Autumn", "End of Heat", "White Dew"),
    *("Autumn Equinox", "Cold Dew", "Frost's Descent", "Start of Winter", "Minor Snow", "Major Snow"),
)
_REMEMBERED: Final = 8_192
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199


class LunarDate(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the lunar calendar; `zh` as people say it (七月初七)."""

    year: int
    month: int
    day: int
    is_leap: bool
    is_last_of_year: bool
    zh: str


class SolarTerm(msgspec.Struct, frozen=True, kw_only=True):
    """The solar term a day lies in; `day` counts from 1, on which it begins."""

    zh: str
    en: str
    day: int


class LunarDateError(InvalidInputError):
    """There is no such day in the lunar calendar."""

    code = "lunar.invalid"


@functools.lru_cache(maxsize=_REMEMBERED)
def lunar(day: date) -> tuple[LunarDate, SolarTerm]:
    """Return the lunar date and the solar term; some milliseconds the first time a day is asked."""
    solar = SolarDay.from_ymd(day.year, day.month, day.day)
    here = solar.get_lunar_day()
    month = here.get_lunar_month()
    term = solar.get_term_day()
    is_last = solar.next(1).get_lunar_day().get_year() != here.get_year()
    return (
        LunarDate(
            year=here.get_year(),
            month=abs(here.get_month()),
            day=here.get_day(),
            is_leap=month.is_leap(),
            is_last_of_year=is_last,
            zh=f"{month.get_name()}{here.get_name()}",
        ),
        SolarTerm(
            zh=term.get_name(),
            en=TERMS_EN[solar.get_term().get_index()],
            day=term.get_day_index() + 1,
        ),
    )


def solar_of(year: int, month: int, day: int) -> date:
    """Return the day on which a lunar date falls (a month below 0 is a leap month); raises `LunarDateError`."""
    try:
        found = LunarDay.from_ymd(year, month, day).get_solar_day()
        return date(found.get_year(), found.get_month(), found.get_day())
    except ValueError:
        raise LunarDateError("there is no such day in the lunar calendar", field="date") from None

"""The calendar by day and country: holidays, make-up workdays, solar terms, lunar dates, festivals."""

import functools
from collections.abc import Mapping
from datetime import date
from importlib import metadata
from typing import Final, Literal, NamedTuple

import holidays
import msgspec

from domain.context.festivals import Declared, Festival, Festivals
from domain.context.lunar import FIRST_YEAR, LAST_YEAR, LunarDate, SolarTerm, lunar
from domain.kernel.errors import InvalidInputError

Kind = Literal["workday", "weekend", "holiday", "makeup_workday"]
_PACKAGES: Final = ("holidays", "tyme4py")
_REMEMBERED: Final = 8_192
_MANY_YEARS: Final = 32_768
_WORKED: Final = frozenset({"workday", "makeup_workday"})
_WEEKEND: Final = frozenset({5, 6})
_CHINA: Final = "CN"


class CalendarError(InvalidInputError):
    """A day or a country that the calendar cannot answer for."""

    code = "calendar.invalid"


class Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the user says of a day instead of the package."""

    date: date
    kind: Kind
    country: str = _CHINA
    zh: str = ""
    en: str = ""


class Overrides(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`calendar.toml` in the home: days that are otherwise, and festivals of one's own; `version` is the user's."""

    version: str = ""
    day: tuple[Override, ...] = ()
    festival: dict[str, Declared] = {}


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day in a country.

    `kind` is exactly one thing: a holiday (also one that falls on a weekend), a make-up workday (a weekend day that is
    worked), a weekend, a workday. `holiday_zh` and `holiday_en` name the holiday. `is_settled` is False where the
    government has not yet said how holidays fall, so that the package has to guess. `version` names the data.
    """

    date: date
    country: str
    kind: Kind
    is_workday: bool
    holiday_zh: str
    holiday_en: str
    is_settled: bool
    lunar: LunarDate
    solar_term: SolarTerm
    festivals: tuple[Festival, ...]
    version: str


class Work(NamedTuple):
    """Whether a day is worked: what kind of day it is, as in `Day`."""

    kind: Kind
    is_workday: bool


class Calendar:
    """Answers for any day of the years 1900 to 2199; each day is worked out once."""

    def __init__(self, overrides: Overrides | None = None) -> None:
        """Take what the user says instead; raises `CalendarError` or `FestivalError` for what cannot be understood."""
        own = overrides or Overrides()
        self._overrides: Mapping[tuple[date, str], Override] = {(one.date, one.country): one for one in own.day}
        self._festivals = Festivals.load(own.festival)
        packages = [f"{name} {metadata.version(name)}" for name in _PACKAGES]
        self.version = ", ".join([*packages, *([f"own {own.version or 'unnamed'}"] if overrides else [])])
        self.countries = frozenset(holidays.list_supported_countries())
        for one in own.day:
            if one.country not in self.countries:
                raise CalendarError(f"{one.country} is no country of the calendar: ISO 3166, such as CN", field="day")
        self.day = functools.lru_cache(maxsize=_REMEMBERED)(self._day)
        self.work = functools.lru_cache(maxsize=_MANY_YEARS)(self._work)
        self._year = functools.lru_cache(maxsize=256)(self._year_of)

    def _day(self, day: date, country: str = _CHINA) -> Day:
        """Return what a day is; raises `CalendarError` for a country or a year it does not know."""
        year = self._year_with(day, country)
        lunar_date, term = lunar(day)
        kind, zh, en = self._kind(year, day, country)
        return Day(
            date=day,
            country=country,
            kind=kind,
            is_workday=kind in _WORKED,
            holiday_zh=zh,
            holiday_en=en,
            is_settled=(day, country) in self._overrides or year.is_settled,
            lunar=lunar_date,
            solar_term=term,
            festivals=self._festivals.on(day, lunar_date, term.zh if term.day == 1 else None),
            version=self.version,
        )

    def _work(self, day: date, country: str = _CHINA) -> Work:
        """Return whether a day is worked, which takes a thousandth of what the moon does; raises as for a day."""
        kind, _, _ = self._kind(self._year_with(day, country), day, country)
        return Work(kind, kind in _WORKED)

    def _year_with(self, day: date, country: str) -> "_Year":
        if country not in self.countries:
            raise CalendarError("must be a country of ISO 3166, such as CN", field="country")
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise CalendarError(f"must lie between {FIRST_YEAR} and {LAST_YEAR}", field="date")
        return self._year(country, day.year)

    def _kind(self, year: "_Year", day: date, country: str) -> tuple[Kind, str, str]:
        if (own := self._overrides.get((day, country))) is not None:
            return own.kind, own.zh or year.zh.get(day, ""), own.en or year.en.get(day, "")
        if day in year.zh:
            return "holiday", year.zh[day], year.en[day]
        if day in year.worked:
            return "makeup_workday", "", ""
        return ("weekend" if day.weekday() in year.weekend else "workday"), "", ""

    def _year_of(self, country: str, year: int) -> "_Year":
        own = holidays.country_holidays(country)
        spoken = own.supported_languages or ()
        names = {}
        for language, wanted in (("zh", "zh_CN"), ("en", "en_US")):
            chosen = wanted if wanted in spoken else own.default_language
            names[language] = holidays.country_holidays(country, years=year, language=chosen)
        worked = frozenset(day for day in getattr(names["zh"], "weekend_workdays", ()) if day.year == year)
        return _Year(
            zh=dict(names["zh"].items()),
            en=dict(names["en"].items()),
            worked=worked,
            weekend=frozenset(getattr(own, "weekend", _WEEKEND)),
            # Every year's swaps make some weekend days workdays; where none is known they are not out yet.
            is_settled=country != _CHINA or bool(worked),
        )


class _Year(msgspec.Struct, frozen=True, kw_only=True):
    zh: dict[date, str]
    en: dict[date, str]
    worked: frozenset[date]
    weekend: frozenset[int]
    is_settled: bool

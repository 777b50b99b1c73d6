"""Festivals: declared days of the solar or lunar year, as people celebrate them or shop for them."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from importlib import resources
from typing import Final, Literal, Self

import msgspec

from domain.context.lunar import LunarDate
from domain.kernel.errors import InvalidInputError

_DAY: Final = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_LUNAR: Final = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|30|last)")
_WEEKDAY: Final = re.compile(r"(0[1-9]|1[0-2]) (monday|tuesday|wednesday|thursday|friday|saturday|sunday) ([1-5])")
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK: Final = 7


class FestivalError(InvalidInputError):
    """A declared festival cannot be understood."""

    code = "festival.invalid"


class Festival(msgspec.Struct, frozen=True, kw_only=True):
    """A festival with its names."""

    key: str
    zh: str
    en: str
    kind: Literal["traditional", "modern", "shopping"]


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A festival as the file declares it: exactly one of `solar`, `lunar`, `weekday` and `term` says when it is."""

    zh: str
    en: str
    kind: Literal["traditional", "modern", "shopping"]
    solar: str | None = None
    until: str | None = None
    lunar: str | None = None
    weekday: str | None = None
    term: str | None = None

    def check(self, key: str) -> None:
        """Raise `FestivalError` naming what is wrong."""
        whens = {"solar": _DAY, "until": _DAY, "lunar": _LUNAR, "weekday": _WEEKDAY}
        for name, form in whens.items():
            value = getattr(self, name)
            if value is not None and not form.fullmatch(value):
                raise FestivalError('write a day as in "11-11", a weekday as in "05 sunday 2"', field=f"{key}.{name}")
        if sum(one is not None for one in (self.solar, self.lunar, self.weekday, self.term)) != 1:
            raise FestivalError("say when it is by one of solar, lunar, weekday, term", field=key)


class Festivals:
    """The declared festivals, asked day by day."""

    def __init__(self, declared: Mapping[str, Declared]) -> None:
        """Raises `FestivalError` for a declaration that cannot be understood."""
        self._declared = dict(declared)
        for key, one in self._declared.items():
            one.check(key)

    @classmethod
    def load(cls, more: Mapping[str, Declared] | None = None) -> Self:
        """Return the festivals that come with Koi, with those of the user in addition or instead."""
        text = resources.files(__package__).joinpath("festivals.toml").read_text(encoding="utf-8")
        return cls(msgspec.convert(tomllib.loads(text), dict[str, Declared]) | dict(more or {}))

    def on(self, day: date, lunar: LunarDate, term: str | None) -> tuple[Festival, ...]:
        """Return the festivals of a day; `term` is the solar term that begins on it."""
        return tuple(
            Festival(key=key, zh=one.zh, en=one.en, kind=one.kind)
            for key, one in self._declared.items()
            if _is_on(one, day, lunar, term)
        )


def _is_on(one: Declared, day: date, lunar: LunarDate, term: str | None) -> bool:
    if one.solar is not None:
        here = f"{day:%m-%d}"
        if one.until is None:
            return here == one.solar
        within = (one.solar <= here, here <= one.until)
        return all(within) if one.solar <= one.until else any(within)  # 12-28 until 01-03 goes over the year's end
    if one.lunar is not None:
        month, _, number = one.lunar.partition("-")
        if lunar.is_leap or lunar.month != int(month):
            return False
        return lunar.is_last_of_year if number == "last" else lunar.day == int(number)
    if one.weekday is not None:
        month, name, nth = one.weekday.split()
        return (
            day.month == int(month)
            and day.weekday() == _WEEKDAYS.index(name)
            and (day.day - 1) // _WEEK + 1 == int(nth)
        )
    return term == one.term

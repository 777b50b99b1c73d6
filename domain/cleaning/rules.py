"""The declared rules of cleaning, as their TOML file says them."""

import functools
import tomllib
from importlib import resources
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from domain.kernel.errors import InvalidInputError
from domain.kernel.folding import folded

ATTRIBUTES: Final = ("name", "sex", "birthday", "phone", "email", "region", "joined_at")
Sex = Literal["male", "female"]


class RulesError(InvalidInputError):
    """The rules cannot be used; the words say which key, and what would be right."""

    code = "rules.invalid"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: a key that nobody knows is a slip of the pen."""


class SexRules(_Part, frozen=True, kw_only=True):
    """Spellings of either sex, and of not knowing it."""

    male: tuple[str, ...]
    female: tuple[str, ...]
    unknown: tuple[str, ...]


class NameRules(_Part, frozen=True, kw_only=True):
    """Titles that are no part of a name, and names that are none; `longest` in characters."""

    male_titles: tuple[str, ...]
    female_titles: tuple[str, ...]
    other_titles: tuple[str, ...]
    placeholders: tuple[str, ...]
    placeholder_stems: tuple[str, ...]
    longest: int


class BirthdayRules(_Part, frozen=True, kw_only=True):
    """Dates that stand for "not known", marks of the lunar calendar, and the greatest age in years."""

    placeholders: tuple[str, ...]
    lunar_marks: tuple[str, ...]
    oldest_age: int


class EmailRules(_Part, frozen=True, kw_only=True):
    """Addresses that are nobody's, and endings that no address has."""

    placeholders: tuple[str, ...]
    endings: dict[str, str]


class MoneyRules(_Part, frozen=True, kw_only=True):
    """Signs beside an amount with the currencies they may mean, and words that multiply it."""

    signs: dict[str, tuple[str, ...]]
    factors: dict[str, int]


class SourceRules(_Part, frozen=True, kw_only=True):
    """What one source writes otherwise."""

    zone: str | None = None
    sex: dict[str, Literal["male", "female", "unknown"]] = {}


class Rules(_Part, frozen=True, kw_only=True, eq=False):
    """All of them; `zone` is that of times which say none. Known by identity, so that what is made of them is kept."""

    version: str
    zone: str
    attributes: dict[str, tuple[str, ...]]
    sex: SexRules
    name: NameRules
    birthday: BirthdayRules
    email: EmailRules
    money: MoneyRules
    source: dict[str, SourceRules] = {}

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the rules of a TOML file; raises `RulesError` naming the first key that is wrong."""
        try:
            rules = msgspec.convert(tomllib.loads(text), cls)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise RulesError(f"the rules of cleaning: {error}", field="cleaning.toml") from None
        rules.check()
        return rules

    def check(self) -> None:
        """Raise `RulesError` for what could be read and makes no sense."""
        if unknown := sorted(set(self.attributes) - set(ATTRIBUTES)):
            raise RulesError(f"{unknown[0]} cannot be cleaned: one of {', '.join(ATTRIBUTES)}", field="attributes")
        for zone in (self.zone, *(one.zone for one in self.source.values() if one.zone)):
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise RulesError(f"{zone} is no time zone: write it as in Asia/Shanghai", field="zone") from None
        if both := {folded(one) for one in self.sex.male} & {folded(one) for one in self.sex.female}:
            raise RulesError(f"{min(both)} cannot mean both sexes", field="sex")

    def names(self) -> dict[str, str]:
        """Return the attribute that each spelling of a name means."""
        return {folded(one): attribute for attribute, spellings in self.attributes.items() for one in spellings}

    def zone_of(self, source: str) -> ZoneInfo:
        """Return the zone of a source's times that say none."""
        own = self.source.get(source)
        return ZoneInfo((own.zone if own else None) or self.zone)


@functools.cache
def shipped() -> Rules:
    """Return the rules that come with Koi."""
    return Rules.read(resources.files(__package__).joinpath("rules.toml").read_text(encoding="utf-8"))

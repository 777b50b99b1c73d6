"""The declared rules of inference, as their TOML file says them."""

import functools
import tomllib
from importlib import resources
from typing import Any, Final, Self

import msgspec

from domain.kernel.errors import InvalidInputError

# What identifiers and attributes can say by themselves.
SOURCES: Final = frozenset(
    {
        *("national_id_birthday", "national_id_sex", "national_id_region"),
        *("phone_region", "address_region", "name_title_sex"),
    }
)
_CERTAIN: Final = 100


class RulesError(InvalidInputError):
    """The rules cannot be used; the words say which key, and what would be right."""

    code = "rules.invalid"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: a key that nobody knows is a slip of the pen."""


class Said(_Part, frozen=True, kw_only=True):
    """What every rule says: which attribute, how surely (percent), and why in either language."""

    attribute: str
    confidence: int
    zh: str
    en: str


class Purchases(Said, frozen=True, kw_only=True):
    """A rule over what somebody bought: `at_least` orders of the last `within_days` with one of the `words`.

    A product counts if it has one of the words, one of `needs` if there are any, and none of `unless`.
    """

    rule: str
    value: Any
    words: tuple[str, ...]
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    at_least: int
    within_days: int
    holds_days: int


class Frequency(Said, frozen=True, kw_only=True):
    """The rule of the missing purchase frequency; bands are upper limits, `at_least` the customers a median needs."""

    rule: str
    recency_days: tuple[int, ...]
    money: tuple[int, ...]
    at_least: int


class InferenceRules(_Part, frozen=True, kw_only=True):
    """All of them."""

    version: str
    from_: dict[str, Said] = msgspec.field(name="from", default_factory=dict)
    purchases: tuple[Purchases, ...] = ()
    frequency: Frequency | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the rules of a TOML file; raises `RulesError` naming the first key that is wrong."""
        try:
            rules = msgspec.convert(tomllib.loads(text), cls)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise RulesError(f"the rules of inference: {error}", field="inference.toml") from None
        rules.check()
        return rules

    def check(self) -> None:
        """Raise `RulesError` for what could be read and makes no sense."""
        if unknown := sorted(set(self.from_) - SOURCES):
            raise RulesError(f"nothing tells {unknown[0]}: one of {', '.join(sorted(SOURCES))}", field="from")
        names = [one.rule for one in self.purchases] + [*self.from_]
        if twice := [name for name in names if names.count(name) > 1]:
            raise RulesError(f"two rules are called {twice[0]}", field="purchases.rule")
        for name, one in self.all().items():
            if not 0 < one.confidence < _CERTAIN:
                raise RulesError(f"{name}: between 1 and 99 percent; what is certain was said", field="confidence")
        for one in self.purchases:
            if not one.words or one.at_least < 1 or one.within_days < 1 or one.holds_days < 1:
                raise RulesError(f"{one.rule}: give words, and numbers of at least 1", field="purchases")

    def all(self) -> dict[str, Said]:
        """Return every rule by its name."""
        rules: dict[str, Said] = {**self.from_, **{one.rule: one for one in self.purchases}}
        return rules | ({self.frequency.rule: self.frequency} if self.frequency else {})


@functools.cache
def shipped() -> InferenceRules:
    """Return the rules that come with Koi."""
    return InferenceRules.read(resources.files(__package__).joinpath("rules.toml").read_text(encoding="utf-8"))

"""The identity rules: how far each kind of identifier is trusted, declared in a file that a non-programmer can change.

`IdentityRules` is what the file says. `Guards` is the part of it that decisions record and resolving uses: the blocked
values are in it only as the ids they name, so that a store's phone number does not stand in the log.
"""

import enum
import tomllib
from collections.abc import Callable
from importlib import resources
from itertools import pairwise
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from domain.identity.identifier import Identifier, IdentifierType, identifier
from domain.identity.normalising import BlankIdentifierError, IdentifierError
from domain.kernel.errors import InvalidInputError

T = TypeVar("T")
MOST_LINKS: Final = 1_000
MOST_PERSONS: Final = 50


class RulesError(InvalidInputError):
    """Identity rules that cannot be: the field says where, the words what would be right."""

    code = "identity_rules.invalid"


class Strength(enum.StrEnum):
    """How far an identifier tells who somebody is, the surest first."""

    CERTAIN = "certain"
    STRONG = "strong"
    WEAK = "weak"


_ORDER: Final = list(Strength)


class Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name for people."""

    zh: str
    en: str


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one kind of identifier; see `rules.toml` for the meaning of each. `persons` None: any number."""

    strength: Strength
    persons: int | None
    links: int


class Guards(msgspec.Struct, frozen=True, kw_only=True):
    """The rules as they are applied: the limits of every kind, and the ids of the values that name nobody."""

    limits: dict[str, Limit]
    blocked: tuple[UUID, ...] = ()

    @property
    def first_weak_rank(self) -> int:
        """The rank from which on identifiers are weak, one beyond the last if none is."""
        weak = [kind.rank for kind in IdentifierType if self.limits[kind].strength is Strength.WEAK]
        return min(weak, default=len(IdentifierType) + 1)


class TypeRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rule for one kind of identifier, as the file says it."""

    name: Name
    strength: Strength
    links: int
    persons: int | None = None


class IdentityRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: a rule for every kind, the values known to name nobody, and the installation's own such values."""

    types: dict[IdentifierType, TypeRule]
    blocked: dict[IdentifierType, tuple[str, ...]] = {}
    own: dict[IdentifierType, tuple[str, ...]] = {}

    def guards(self, named: Callable[[Identifier], UUID]) -> Guards:
        """Return the rules as they are applied; `named` gives the id that an identifier stands for."""
        limits = {str(kind): _limit(rule) for kind, rule in self.types.items()}
        ids = {named(one) for place in ("blocked", "own") for one in self._blocked(place)}
        return Guards(limits=limits, blocked=tuple(sorted(ids)))

    def _blocked(self, place: str) -> list[Identifier]:
        found = []
        listed: dict[IdentifierType, tuple[str, ...]] = getattr(self, place)
        for kind, values in listed.items():
            for index, value in enumerate(values):
                try:
                    found.append(identifier(kind, value))
                except BlankIdentifierError:
                    continue  # refused wherever it comes in
                except IdentifierError as error:
                    raise RulesError(error.detail, field=f"{place}.{kind}[{index}]") from None
        return found


def read_rules(text: str) -> IdentityRules:
    """Return the rules that a TOML text declares; raises `RulesError` naming the first key that is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"this is not TOML: {error}") from None
    for place in ("types", "blocked", "own"):
        for kind, table in dict(document.get(place) or {}).items():
            if kind not in list(IdentifierType):
                known = ", ".join(IdentifierType)
                raise RulesError(f"there is no kind {kind}: the kinds are {known}", field=f"{place}.{kind}")
            _converted(table, TypeRule if place == "types" else tuple[str, ...], f"{place}.{kind}")
    rules = _converted(document, IdentityRules, "")
    _check(rules)
    return rules


def _converted(document: object, form: type[T], place: str) -> T:
    try:
        return msgspec.convert(document, form)
    except msgspec.ValidationError as error:
        words, _, inside = str(error).partition(" - at `$")
        raise RulesError(words, field=f"{place}{inside.rstrip('`')}".lstrip(".") or None) from None


def default_rules() -> IdentityRules:
    """Return the rules that come with Koi: `rules.toml` beside this file."""
    return read_rules(resources.files(__package__).joinpath("rules.toml").read_text(encoding="utf-8"))


def _check(rules: IdentityRules) -> None:
    missing = [str(kind) for kind in IdentifierType if kind not in rules.types]
    if missing:
        raise RulesError(f"every kind needs a rule, and there is none for {', '.join(missing)}", field="types")
    for kind, rule in rules.types.items():
        _check_one(kind, rule)
    for above, below in pairwise(IdentifierType):
        if _ORDER.index(rules.types[below].strength) < _ORDER.index(rules.types[above].strength):
            msg = f"cannot be stronger than {above}, which is more reliable"
            raise RulesError(msg, field=f"types.{below}.strength")
    if rules.types[IdentifierType.MEMBER_CODE].strength is Strength.WEAK:
        raise RulesError("somebody must be a person: member codes cannot be weak", field="types.member_code.strength")


def _check_one(kind: IdentifierType, rule: TypeRule) -> None:
    if not 1 < rule.links <= MOST_LINKS:
        raise RulesError(f"must be 2 to {MOST_LINKS}", field=f"types.{kind}.links")
    is_strong = rule.strength is Strength.STRONG
    if is_strong and (rule.persons is None or not 1 <= rule.persons <= MOST_PERSONS):
        raise RulesError(f"a strong kind says how many persons: 1 to {MOST_PERSONS}", field=f"types.{kind}.persons")
    if not is_strong and rule.persons is not None:
        raise RulesError(f"only for strong kinds: it follows from {rule.strength}", field=f"types.{kind}.persons")


def _limit(rule: TypeRule) -> Limit:
    persons = 1 if rule.strength is Strength.WEAK else rule.persons
    return Limit(strength=rule.strength, persons=persons, links=rule.links)

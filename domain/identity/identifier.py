"""An identifier: one of the names under which a customer shows up, typed and in one spelling."""

import enum
from collections.abc import Callable
from typing import Final

import msgspec

from domain.identity import national_id, normalising
from domain.identity.normalising import BlankIdentifierError, IdentifierError

__all__ = ["BlankIdentifierError", "Identifier", "IdentifierError", "IdentifierType", "identifier", "masked"]

_CHINESE_MOBILE = 14  # characters of +86 and eleven digits


class IdentifierType(enum.StrEnum):
    """The kinds of identifiers, the most reliable first."""

    MEMBER_CODE = "member_code"
    UNIONID = "unionid"
    NATIONAL_ID = "national_id"
    PHONE = "phone"
    EMAIL = "email"
    OPENID = "openid"
    EXTERNAL_USERID = "external_userid"
    MARKETPLACE_BUYER = "marketplace_buyer"
    DEVICE = "device"
    ANONYMOUS = "anonymous"

    @property
    def rank(self) -> int:
        """How reliable it is: 1 the strongest, 10 the weakest."""
        return _RANKS[self]

    @property
    def is_value_kept(self) -> bool:
        """Whether the value is kept, sealed; otherwise the id it names is enough.

        An anonymous id says nothing to anybody, a national ID is never to be stored.
        """
        return self not in _VALUE_NOT_KEPT


_RANKS: Final = {kind: rank for rank, kind in enumerate(IdentifierType, start=1)}
_VALUE_NOT_KEPT: Final = frozenset({IdentifierType.ANONYMOUS, IdentifierType.NATIONAL_ID})
_KINDS: Final = {kind.value: kind for kind in IdentifierType}
_NORMALISERS: Final[dict[IdentifierType, Callable[[object, str], str]]] = {
    IdentifierType.MEMBER_CODE: normalising.text,
    IdentifierType.UNIONID: normalising.text,
    IdentifierType.NATIONAL_ID: national_id.normalised,
    IdentifierType.EMAIL: normalising.email,
    IdentifierType.OPENID: normalising.scoped,
    IdentifierType.EXTERNAL_USERID: normalising.scoped,
    IdentifierType.MARKETPLACE_BUYER: normalising.scoped,
    IdentifierType.DEVICE: normalising.device,
    IdentifierType.ANONYMOUS: normalising.text,
}


class Identifier(msgspec.Struct, frozen=True):
    """A normalised identifier; the smaller one is the stronger one (rank, then value)."""

    type: IdentifierType
    value: str

    @property
    def strength(self) -> tuple[int, str]:
        """What identifiers are ordered by: rank, then value."""
        return (_RANKS[self.type], self.value)

    def __lt__(self, other: "Identifier") -> bool:
        return self.strength < other.strength

    def __le__(self, other: "Identifier") -> bool:
        return self.strength <= other.strength

    def __gt__(self, other: "Identifier") -> bool:
        return self.strength > other.strength

    def __ge__(self, other: "Identifier") -> bool:
        return self.strength >= other.strength

    def __str__(self) -> str:
        return f"{self.type}:{masked(self)}"


def identifier(type: str, raw: object, *, default_region: str = "CN") -> Identifier:  # noqa: A002 - the field's name
    """Return the identifier in the one spelling in which it is compared.

    Phone numbers become E.164 (without country code they are read in `default_region`), e-mail addresses lower case
    with an IDNA domain, national IDs their 18 characters, OpenIDs, WeCom customers and marketplace buyers stay
    `app:value`, everything else is trimmed NFC text. Raises `IdentifierError` naming the field and what would be
    right, `BlankIdentifierError` where the value names nobody.
    """
    kind = _KINDS.get(type)
    if kind is None:
        raise IdentifierError(f"an identifier's type is one of {', '.join(_KINDS)}", field="type")
    if kind is IdentifierType.PHONE:
        return Identifier(kind, normalising.phone(raw, kind.value, default_region))
    return Identifier(kind, _NORMALISERS[kind](raw, kind.value))


def masked(identifier: Identifier) -> str:
    """Return the identifier for people to recognise, not to use: 138****0000, z***@x.cn, oX***yz."""
    value = identifier.value
    match identifier.type:
        case IdentifierType.PHONE if value.startswith("+86") and len(value) == _CHINESE_MOBILE:
            return f"{value[3:6]}****{value[-4:]}"
        case IdentifierType.PHONE:
            return f"{value[:4]}****{value[-2:]}"
        case IdentifierType.EMAIL:
            local, _, domain = value.rpartition("@")
            return f"{local[:1]}***@{domain}"
        case IdentifierType.NATIONAL_ID:
            return "***"
        case IdentifierType.OPENID | IdentifierType.EXTERNAL_USERID | IdentifierType.MARKETPLACE_BUYER:
            app, _, own = value.partition(":")
            return f"{app}:{_ends(own)}"
        case _:
            return _ends(value)


def _ends(value: str) -> str:
    shown = min(2, len(value) // 4)
    return f"{value[:shown]}***{value[len(value) - shown :]}"

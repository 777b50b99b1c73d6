"""Naming: the customer id that an identifier stands for, the same whenever and wherever it is asked."""

import functools
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from domain.identity.identifier import Identifier

_SHORTEST_PEPPER: Final = 16
_REMEMBERED: Final = 65_536

# RFC 9562: the bits that say "version 8, an id of the maker's own design" and "variant 10".
_VERSION_AND_VARIANT: Final = (0x8 << 76) | (0b10 << 62)
_EVERYTHING_ELSE: Final = ((1 << 128) - 1) ^ ((0xF << 76) | (0b11 << 62))


class Naming:
    """Names customers by HMAC-SHA256 under one secret pepper, so that an id does not give away what it stands for.

    The pepper lives as long as the history: another one would name everybody anew.
    """

    def __init__(self, pepper: bytes) -> None:
        if len(pepper) < _SHORTEST_PEPPER:
            raise ValueError(f"the pepper must have at least {_SHORTEST_PEPPER} bytes")
        self._pepper = pepper
        # The same shoppers come back within minutes: most names are remembered, none need to be.
        self._remembered = functools.lru_cache(maxsize=_REMEMBERED)(self._named)

    def customer_id(self, identifier: Identifier) -> UUID:
        """Return the id of the customer whom the identifier names: a UUID version 8 (RFC 9562, section 5.8)."""
        return self._remembered(identifier)

    def key_for(self, purpose: str) -> bytes:
        """Return a key of this installation for a purpose; the pepper itself is handed to nobody."""
        return hmac.digest(self._pepper, b"koi " + purpose.encode(), hashlib.sha256)

    def _named(self, identifier: Identifier) -> UUID:
        text = f"{identifier.type.value}:{identifier.value}"
        digest = hmac.digest(self._pepper, text.encode(), hashlib.sha256)
        number = int.from_bytes(digest[:16], "big")
        return UUID(int=number & _EVERYTHING_ELSE | _VERSION_AND_VARIANT)


def strongest(identifiers: Iterable[Identifier]) -> Identifier:
    """Return the one that names the customer: the strongest kind, then the smallest value, whatever the order.

    Raises `ValueError` if there is none.
    """
    return min(identifiers)

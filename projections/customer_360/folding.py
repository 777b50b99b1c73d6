"""The attributes of a profile: the words about its customers, folded as `domain.identity.attributes` says."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.attributes import ABSENT, Folded, Word, WordKind, fold, joined, plain_number


class Sealed(msgspec.Struct, frozen=True):
    """A value that only the customer's key opens."""

    customer_id: UUID
    value: bytes


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute: a clear `value`, or what it is made of where parts of it are sealed.

    `sealed` is the value itself, under the key of `customer_id`; `added` the lists of texts that belong to it as well.
    """

    key: str
    value: Any
    sealed: bytes | None
    customer_id: UUID | None
    occurred_at: datetime
    added: tuple[Any, ...] = ()

    @property
    def sealed_parts(self) -> list[Sealed]:
        """Everything that needs a key."""
        whole = [Sealed(self.customer_id, self.sealed)] if self.sealed is not None and self.customer_id else []
        return whole + [part for part in self.added if isinstance(part, Sealed)]

    def whole(self, clear: dict[Sealed, Any]) -> Any:
        """Return the value, given what its sealed parts are in clear."""
        value = self.value
        if self.sealed is not None and self.customer_id:
            value = clear[Sealed(self.customer_id, self.sealed)]
        elif value is None and self.added:
            value = ABSENT
        added = tuple(clear[part] if isinstance(part, Sealed) else part for part in self.added)
        return joined(Folded(value, added, self.occurred_at))


def attributes(
    bases: Iterable[asyncpg.Record], words: Iterable[asyncpg.Record], cleared_at: datetime | None
) -> tuple[Attribute, ...]:
    """Return what the rows about the customers of a profile come to, by key."""
    said: dict[str, list[Word]] = {}
    for row in bases:
        is_unset = row["value"] is None and row["sealed"] is None
        said.setdefault(row["key"], []).append(_word(WordKind.UNSET if is_unset else WordKind.SET, row))
    for row in words:
        said.setdefault(row["key"], []).append(_word(WordKind(row["kind"]), row))
    folded = ((key, fold(about, cleared_at=cleared_at)) for key, about in sorted(said.items()))
    return tuple(_attribute(key, found) for key, found in folded if found is not None)


def _word(kind: WordKind, row: asyncpg.Record) -> Word:
    tie = (row["value"] or "").encode() + b"\0" + row["position"].to_bytes(8, "big")
    if row["sealed"] is not None:
        return Word(kind, row["occurred_at"], Sealed(row["customer_id"], row["sealed"]), tie)
    value = None if row["value"] is None else msgspec.json.decode(row["value"])
    return Word(kind, row["occurred_at"], value, tie)


def _attribute(key: str, folded: Folded) -> Attribute:
    at, whole = folded.occurred_at, folded.value
    sealed = whole if isinstance(whole, Sealed) else None
    if sealed is None and not any(isinstance(part, Sealed) for part in folded.added):
        return Attribute(key=key, value=plain_number(joined(folded)), sealed=None, customer_id=None, occurred_at=at)
    return Attribute(
        key=key,
        value=None if sealed or whole is ABSENT else whole,
        sealed=sealed.value if sealed else None,
        customer_id=sealed.customer_id if sealed else None,
        occurred_at=at,
        added=folded.added,
    )

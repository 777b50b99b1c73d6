"""What the events of a page say about attributes, as rows."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.identity.attributes import WordKind
from domain.identity.customer import Customer
from projections.engine.page import Entry

# The later word by business time wins, then the one that stands later in the log.
DESCRIBE: Final = """
    INSERT INTO attribute AS a (customer_id, key, value, sealed, occurred_at, position)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::json[], $4::bytea[], $5::timestamptz[], $6::bigint[])
    ON CONFLICT (customer_id, key) DO UPDATE
    SET value = excluded.value, sealed = excluded.sealed,
        occurred_at = excluded.occurred_at, position = excluded.position
    WHERE (excluded.occurred_at, excluded.position) > (a.occurred_at, a.position)
"""
ADD: Final = """
    INSERT INTO word (customer_id, key, value, sealed, occurred_at, position, kind)
    SELECT * FROM unnest(
        $1::uuid[], $2::text[], $3::json[], $4::bytea[], $5::timestamptz[], $6::bigint[], $7::smallint[])
"""
CLEAR: Final = """
    INSERT INTO clearing AS c (customer_id, occurred_at) SELECT * FROM unnest($1::uuid[], $2::timestamptz[])
    ON CONFLICT (customer_id) DO UPDATE SET occurred_at = greatest(c.occurred_at, excluded.occurred_at)
"""


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Described(msgspec.Struct):
    meta: _Meta
    attributes: dict[str, msgspec.Raw] = {}
    personal: dict[str, bytes] = {}
    names: tuple[str, ...] = ()


class Base(msgspec.Struct, frozen=True, array_like=True):
    """A row of `attribute`."""

    customer_id: UUID
    key: str
    value: str | None
    sealed: bytes | None
    occurred_at: datetime
    position: int

    @property
    def weight(self) -> tuple[bool, datetime, int]:
        """What decides between two words."""
        return (True, self.occurred_at, self.position)


class Added(msgspec.Struct, frozen=True, array_like=True):
    """A row of `word`."""

    customer_id: UUID
    key: str
    value: str | None
    sealed: bytes | None
    occurred_at: datetime
    position: int
    kind: WordKind


_described: Callable[[bytes], _Described] = msgspec.json.Decoder(_Described).decode
_KINDS: Final = {
    Customer.AttributesFirstSet.TOPIC: WordKind.ONCE,
    Customer.AttributesExtended.TOPIC: WordKind.ADDED,
}
BASES: Final = (Customer.AttributesChanged.TOPIC, Customer.AttributesRemoved.TOPIC)
OTHERS: Final = tuple(_KINDS)
CLEARINGS: Final = (Customer.ProfileCleared.TOPIC,)


def bases(entry: Entry) -> list[Base]:
    """Return the words of an event that set or unset."""
    return [Base(*row) for row in _rows(entry)]


def others(entries: Iterable[Entry]) -> list[Added]:
    """Return the words that set only once, or add texts."""
    return [Added(*row, _KINDS[entry.topic]) for entry in entries for row in _rows(entry)]


def clearings(entries: Iterable[Entry]) -> list[tuple[UUID, datetime]]:
    """Return until when the profiles of customers were cleared, once for each."""
    found: dict[UUID, datetime] = {}
    for entry in entries:
        at = _described(entry.state).meta.occurred_at
        found[entry.stream_id] = max(at, found.get(entry.stream_id, at))
    return list(found.items())


def _rows(entry: Entry) -> Iterable[tuple[UUID, str, str | None, bytes | None, datetime, int]]:
    said = _described(entry.state)
    at = said.meta.occurred_at
    for key, value in said.attributes.items():
        yield (entry.stream_id, key, bytes(value).decode(), None, at, entry.position)
    for key, sealed in said.personal.items():
        yield (entry.stream_id, key, None, sealed, at, entry.position)
    for key in said.names:
        yield (entry.stream_id, key, None, None, at, entry.position)

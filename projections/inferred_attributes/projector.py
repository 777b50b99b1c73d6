"""inferred_attributes: the last inference of each name, until it is withdrawn or the person erased."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.customer import Customer
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection
from projections.inferred_attributes.table import tables

_INFERRED: Final = Customer.AttributesInferred.TOPIC
_WITHDRAWN: Final = Customer.InferencesWithdrawn.TOPIC
_ERASED: Final = Customer.Erased.TOPIC

_FORGET = "DELETE FROM inferred WHERE customer_id = ANY($1)"
_WITHDRAW = """
    DELETE FROM inferred AS i USING unnest($1::uuid[], $2::text[]) AS w (customer_id, name)
    WHERE i.customer_id = w.customer_id AND i.name = w.name
"""
_HOLD = """
    INSERT INTO inferred
        (customer_id, name, attribute, value, sealed, rule, confidence, evidence, occurred_at, expires_at, position)
    SELECT customer_id, name, attribute, value, sealed, rule, confidence,
           ARRAY(SELECT json_array_elements_text(evidence)), occurred_at, expires_at, position
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::json[], $5::bytea[], $6::text[], $7::smallint[], $8::json[],
                $9::timestamptz[], $10::timestamptz[], $11::bigint[])
         AS n (customer_id, name, attribute, value, sealed, rule, confidence, evidence,
               occurred_at, expires_at, position)
    ON CONFLICT (customer_id, name) DO UPDATE
    SET attribute = excluded.attribute, value = excluded.value, sealed = excluded.sealed, rule = excluded.rule,
        confidence = excluded.confidence, evidence = excluded.evidence, occurred_at = excluded.occurred_at,
        expires_at = excluded.expires_at, position = excluded.position
"""


class _Grounds(msgspec.Struct):
    attribute: str
    rule: str
    confidence: int
    evidence: tuple[str, ...]
    occurred_at: datetime
    expires_at: datetime | None = None


class _Inferred(msgspec.Struct):
    grounds: dict[str, _Grounds]
    attributes: dict[str, msgspec.Raw] = {}
    personal: dict[str, bytes] = {}


class _Withdrawn(msgspec.Struct):
    names: tuple[str, ...]


_inferred = msgspec.json.Decoder(_Inferred).decode
_withdrawn = msgspec.json.Decoder(_Withdrawn).decode
_Key = tuple[UUID, str]
_Row = tuple[object, ...]


class _Changes:
    """What a page amounts to: a statement may touch a row only once."""

    def __init__(self) -> None:
        self.forgotten: set[UUID] = set()
        self.rows: dict[_Key, _Row | None] = {}

    def fold(self, entry: Entry) -> None:
        """Take one event."""
        customer_id = entry.stream_id
        if entry.topic == _ERASED:
            self.forgotten.add(customer_id)
            self.rows = {key: row for key, row in self.rows.items() if key[0] != customer_id}
        elif entry.topic == _WITHDRAWN:
            self.rows |= {(customer_id, name): None for name in _withdrawn(entry.state).names}
        else:
            said = _inferred(entry.state)
            self.rows |= {(customer_id, name): _row(entry, name, said) for name in said.grounds}


def _row(entry: Entry, name: str, said: _Inferred) -> _Row:
    one = said.grounds[name]
    clear = said.attributes.get(name)
    return (
        entry.stream_id,
        name,
        one.attribute,
        None if clear is None else bytes(clear).decode(),
        said.personal.get(name),
        one.rule,
        one.confidence,
        msgspec.json.encode(one.evidence).decode(),
        one.occurred_at,
        one.expires_at,
        entry.position,
    )


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    changes = _Changes()
    for entry in page.of(_INFERRED, _WITHDRAWN, _ERASED):
        changes.fold(entry)
    if changes.forgotten:
        await connection.execute(_FORGET, sorted(changes.forgotten))
    await _execute(connection, _WITHDRAW, (key for key, row in changes.rows.items() if row is None))
    await _execute(connection, _HOLD, (row for row in changes.rows.values() if row is not None))


async def _execute(connection: asyncpg.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True))
    if columns:
        await connection.execute(statement, *map(list, columns))


PROJECTION = Projection(
    name="inferred_attributes",
    version=1,
    tables=tables,
    topics=frozenset({_INFERRED, _WITHDRAWN, _ERASED}),
    apply=apply,
)

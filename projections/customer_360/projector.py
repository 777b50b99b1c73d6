"""customer_360: facts are counted in the database, what customers say about themselves is folded in memory."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from domain.activity.sealing import FactsSealed
from domain.identity.customer import Customer
from projections.customer_360 import facts, words
from projections.customer_360.table import tables
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection

_CONSENTED = Customer.ConsentChanged.TOPIC
_ERASED = Customer.Erased.TOPIC

# Last write wins: the later business time, then the later position.
_CONSENT = """
    INSERT INTO consent AS c (customer_id, channel, purpose, state, text_version, source, is_proven, occurred_at,
                              position)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[],
                         $8::timestamptz[], $9::bigint[])
    ON CONFLICT (customer_id, channel, purpose) DO UPDATE
    SET state = excluded.state, text_version = excluded.text_version, source = excluded.source,
        is_proven = excluded.is_proven, occurred_at = excluded.occurred_at, position = excluded.position
    WHERE (excluded.is_proven, excluded.occurred_at, excluded.position) > (c.is_proven, c.occurred_at, c.position)
"""
# What was said before an erasure, in the open as well.
_FORGET = """
    WITH e AS (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS e (customer_id, position)), said AS (
        DELETE FROM attribute AS a USING e WHERE a.customer_id = e.customer_id AND a.position < e.position
    ), added AS (
        DELETE FROM word AS w USING e WHERE w.customer_id = e.customer_id AND w.position < e.position
    ), cleared AS (
        DELETE FROM clearing AS l USING e WHERE l.customer_id = e.customer_id
    )
    DELETE FROM consent AS c USING e WHERE c.customer_id = e.customer_id AND c.position < e.position
"""


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Consented(msgspec.Struct):
    meta: _Meta
    channel: str
    purpose: str
    state: str
    text_version: str
    source: str
    is_proven: bool = True


class _Consent(msgspec.Struct, frozen=True, array_like=True):
    """A row of `consent`."""

    customer_id: UUID
    channel: str
    purpose: str
    state: str
    text_version: str
    source: str
    is_proven: bool
    occurred_at: datetime
    position: int

    @property
    def weight(self) -> tuple[bool, datetime, int]:
        """What decides between two words."""
        return (self.is_proven, self.occurred_at, self.position)


_Row = TypeVar("_Row", words.Base, _Consent)
_consented = msgspec.json.Decoder(_Consented).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    erased = {entry.stream_id: entry.position for entry in page.of(_ERASED)}
    if erased:
        await connection.execute(_FORGET, list(erased), list(erased.values()))

    def said(*topics: str) -> list[Entry]:
        # What was said before the erasure is forgotten, however late it is in business time.
        return [entry for entry in page.of(*topics) if entry.position > erased.get(entry.stream_id, 0)]

    await _write(connection, words.DESCRIBE, _last_words(map(words.bases, said(*words.BASES)), _key_of_word))
    await _write(connection, words.ADD, words.others(said(*words.OTHERS)))
    await _write(connection, words.CLEAR, words.clearings(said(*words.CLEARINGS)))
    await _write(connection, _CONSENT, _last_words(map(_consents, said(_CONSENTED)), _key_of_consent))
    await facts.count(connection, page)


def _consents(entry: Entry) -> list[_Consent]:
    said = _consented(entry.state)
    return [
        _Consent(
            entry.stream_id,
            said.channel,
            said.purpose,
            said.state,
            said.text_version,
            said.source,
            said.is_proven,
            said.meta.occurred_at,
            entry.position,
        )
    ]


_key_of_word = attrgetter("customer_id", "key")
_key_of_consent = attrgetter("customer_id", "channel", "purpose")


def _last_words(said: Iterable[list[_Row]], key_of: Callable[[_Row], tuple[object, ...]]) -> list[_Row]:
    """Return the last word per key: a statement may touch a row only once."""
    last: dict[tuple[object, ...], _Row] = {}
    for rows in said:
        for row in rows:
            known = last.get(key_of(row))
            if known is None or row.weight > known.weight:
                last[key_of(row)] = row
    return list(last.values())


async def _write(connection: asyncpg.Connection, statement: str, rows: Sequence[Any]) -> None:
    if rows:
        tuples = (row if isinstance(row, tuple) else msgspec.structs.astuple(row) for row in rows)
        columns = zip(*tuples, strict=True)
        await connection.execute(statement, *map(list, columns))


PROJECTION = Projection(
    name="customer_360",
    version=5,
    tables=tables,
    topics=frozenset({FactsSealed.TOPIC, _CONSENTED, _ERASED, *words.BASES, *words.OTHERS, *words.CLEARINGS}),
    apply=apply,
)

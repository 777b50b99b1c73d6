"""event_timeline: events that concern a customer, listed under the customer."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from domain.activity.sealing import FactsSealed
from domain.identity.customer import Customer
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection
from projections.event_timeline.table import tables

_LONGEST_VALUE = 200
# Every event of a customer's own stream has a topic that begins with this.
_OF_CUSTOMERS = "customer."
_FIND = "SELECT stream_id, customer_id FROM subject WHERE stream_id = ANY($1)"
_REMEMBER = """
    INSERT INTO subject (stream_id, customer_id) SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT DO NOTHING
"""
_LIST = """
    INSERT INTO decision (customer_id, occurred_at, position, stream_id, topic, summary)
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::uuid[], $5::text[], $6::json[])
"""
# Who was erased: that something happened and when stays, what was said in the open does not.
_BLANK = """
    UPDATE decision AS d SET summary = '{}' FROM unnest($1::uuid[], $2::bigint[]) AS e (customer_id, position)
    WHERE d.customer_id = e.customer_id AND d.position < e.position
"""

Row = tuple[UUID, datetime, int, UUID, str, str]


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Grounds(msgspec.Struct):
    attribute: str
    rule: str


_grounds = msgspec.json.Decoder(dict[str, _Grounds]).decode
_names = msgspec.json.Decoder(list[str]).decode
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode
_meta = msgspec.json.Decoder(_Meta).decode
_uuid = msgspec.json.Decoder(UUID).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    entries = [entry for entry in page.entries if entry.topic != FactsSealed.TOPIC]
    documents = [_decode(entry.state) for entry in entries]
    documented = list(zip(entries, documents, strict=True))
    # The first event of a stream says whom it is about; a later one that names a customer (a campaign's, of an offer
    # reserved) speaks of itself alone.
    streams = {e.stream_id: _uuid(d["customer_id"]) for e, d in documented if "customer_id" in d and e.version == 1}
    await _execute(connection, _REMEMBER, streams.items())
    unknown = {e.stream_id for e in entries if not e.topic.startswith(_OF_CUSTOMERS)} - streams.keys()
    if unknown:
        streams |= dict(map(tuple, await connection.fetch(_FIND, list(unknown))))
    rows = [row for entry, document in documented for row in _rows(entry, document, streams.get(entry.stream_id))]
    await _execute(connection, _LIST, rows)
    await _execute(connection, _BLANK, [(entry.stream_id, entry.position) for entry in page.of(Customer.Erased.TOPIC)])


def _rows(entry: Entry, document: dict[str, msgspec.Raw], subject: UUID | None) -> Iterable[Row]:
    if entry.topic.startswith(_OF_CUSTOMERS):
        subject = entry.stream_id
    elif "customer_id" in document:
        subject = _uuid(document["customer_id"])
    if subject is None:
        return
    plain: dict[str, object] = {name: value for name, value in document.items() if _is_plain(value)}
    if "grounds" in document:  # of what was inferred: attribute and rule, in the order of their names
        plain["inferred"] = sorted({f"{one.attribute}: {one.rule}" for one in _grounds(document["grounds"]).values()})
    elif entry.topic == Customer.InferencesWithdrawn.TOPIC:
        plain["withdrawn"] = sorted({name.partition("|")[0] for name in _names(document["names"])})
    summary = _encode(plain).decode()
    at = _meta(document["meta"]).occurred_at
    yield (subject, at, entry.position, entry.stream_id, entry.topic, summary)
    if "other_id" in document:
        yield (_uuid(document["other_id"]), at, entry.position, entry.stream_id, entry.topic, summary)


def _is_plain(value: msgspec.Raw) -> bool:
    # Personal values are always inside an object, and so is the envelope.
    text = bytes(value)
    return len(text) <= _LONGEST_VALUE and text[:1] not in {b"{", b"["}


async def _execute(connection: asyncpg.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True))
    if columns:
        await connection.execute(statement, *map(list, columns))


PROJECTION = Projection(
    name="event_timeline",
    version=4,
    tables=tables,
    topics=None,
    besides=frozenset({FactsSealed.TOPIC}),
    apply=apply,
)

"""A history for the views: events and sealed facts, written through the real recorder."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent
from psycopg import Cursor

from commands.runtime.event_store import open_recorder
from commands.runtime.facts import FactIds, FactRow, copy_facts, digest, ensure_partition
from domain.activity.sealing import FactsSealed, seal_stream
from domain.identity.customer import Claim, ConsentState, Customer
from domain.kernel.event import Event, Meta
from domain.kernel.ids import derived
from domain.kernel.stored import to_state
from domain.tags.words import Tag, TagList, Told

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def customer_id(name: str) -> UUID:
    """Name a customer: hashed, as real ids are."""
    return derived("customer", name)


def seal(clear: bytes) -> bytes:
    """Stand in for encryption: unreadable without being told."""
    return b"sealed:" + clear[::-1]


def a_fact(customer: str, name: str = "page.viewed", *, at: datetime = NOON, **fields: object) -> FactRow:
    """Something a customer did."""
    row: dict[str, Any] = {"source": "web", "amount": None, "currency": None, "body": "{}", "sealed": None}
    return FactRow(occurred_at=at, customer_id=customer_id(customer), name=name, **(row | fields))


def an_order(
    customer: str, fen: int, *, at: datetime = NOON, currency: str = "CNY", sealed: bytes | None = None
) -> FactRow:
    """A purchase."""
    return a_fact(customer, "order.completed", at=at, amount=fen, currency=currency, sealed=sealed)


class Log:
    """Appends to the log of a test's database; versions of streams are counted here."""

    def __init__(self, database_url: str) -> None:
        """Open the recorder."""
        self._recorder = open_recorder(database_url)
        self._ids = FactIds()
        self._versions: Counter[UUID] = Counter()
        self._tagged: dict[UUID, Customer] = {}
        self.facts = 0
        self.now = NOON

    def close(self) -> None:
        """Close the recorder."""
        self._recorder.datastore.close()

    def append(self, *events: tuple[UUID, Event]) -> int:
        """Append events to the streams given, in one transaction; returns the last position."""
        return self._insert([self._stored(stream_id, event) for stream_id, event in events])

    def register(self, name: str, kind: str = "member_code", *claims: tuple[str, str]) -> int:
        """A customer is seen for the first time, under an identifier of this kind and under these others."""
        own = Claim(customer_id(name), kind)
        others = [Claim(customer_id(other), kind_of_other) for other, kind_of_other in claims]
        event = Customer.Registered(
            named_by=kind, claims=(own, *others), identifiers={str(own.id): name} | {str(c.id): "x" for c in others}
        )
        return self.append((own.id, event))

    def identify(self, name: str, *claims: tuple[str, str]) -> int:
        """A customer is seen under further identifiers."""
        found = tuple(Claim(customer_id(other), kind) for other, kind in claims)
        identified = Customer.Identified(claims=found, identifiers={str(claim.id): "x" for claim in found})
        return self.append((customer_id(name), identified))

    def consent(self, name: str, state: str = "granted", *, channel: str = "email", at: datetime | None = None) -> int:
        """A customer says whether we may write."""
        said = Customer.ConsentChanged(
            channel=channel,
            purpose="marketing",
            state=ConsentState(state),
            text_version="2026-01",
            source="web",
            meta=Meta(occurred_at=at or self.now),
        )
        return self.append((customer_id(name), said))

    def describe(
        self, name: str, *, at: datetime | None = None, personal: dict[str, str] | None = None, **plain: object
    ) -> int:
        """A customer's attributes become known."""
        meta = Meta(occurred_at=at or self.now)
        changed = Customer.AttributesChanged(attributes=dict(plain), personal=personal or {}, meta=meta)
        return self.append((customer_id(name), changed))

    def tag(self, name: str, *keys: str, source: str = "crm", at: datetime | None = None) -> int:
        """A source lists the tags a customer has: all others of this source are gone."""
        told = TagList(
            source=source,
            occurred_at=at or self.now,
            present=tuple(Told(tag=Tag(key, "", key)) for key in keys),
            is_complete=True,
        )
        customer = self._tagged.setdefault(customer_id(name), Customer(customer_id(name)))
        customer.tag(told)
        return self.append(*((customer.id, event) for event in customer.collect_events()))

    def erase(self, name: str) -> int:
        """A customer is erased."""
        erased = Customer.Erased(receipt_id=derived("erasure", name), reason="asked", legal_basis="pipl-47")
        return self.append((customer_id(name), erased))

    def readmit(self, name: str) -> int:
        """A customer who was erased comes back."""
        return self.append(
            (customer_id(name), Customer.Readmitted(receipt_id=derived("erasure", name), reason="asked"))
        )

    def seal(self, *rows: FactRow) -> int:
        """Facts become part of history, in one batch; returns the position of the seal."""
        position = self._insert([], rows)
        self.facts += len(rows)
        return position

    def _insert(self, stored: list[StoredEvent], rows: Sequence[FactRow] = ()) -> int:
        def before(cursor: Cursor[Any]) -> Sequence[StoredEvent]:
            return [self._sealed(cursor, rows)] if rows else []

        positions = self._recorder.insert_events(stored, before=before)
        self.now += timedelta(seconds=1)
        return positions[-1] if positions else 0

    def _stored(self, stream_id: UUID, event: Event) -> StoredEvent:
        self._versions[stream_id] += 1
        event = event.inside(Meta(occurred_at=self.now, recorded_at=self.now, actor="test"))
        event = msgspec.structs.replace(event, originator_id=stream_id, originator_version=self._versions[stream_id])
        return StoredEvent(
            originator_id=stream_id,
            originator_version=event.originator_version,
            topic=event.TOPIC,
            state=to_state(event, seal),
        )

    def _sealed(self, cursor: Cursor[Any], rows: Sequence[FactRow]) -> StoredEvent:
        first_id = self._ids.take(cursor, len(rows))
        last_id = first_id + len(rows) - 1
        ensure_partition(cursor, self.now)
        copy_facts(cursor, rows, first_id=first_id, recorded_at=self.now)
        seen = digest(cursor, first_id=first_id, last_id=last_id, recorded_at=self.now)
        event = FactsSealed(
            batch_key=str(first_id),
            source="test",
            first_id=first_id,
            last_id=last_id,
            count=seen.count,
            sha256=seen.sha256,
            recorded_at=self.now,
            latest_occurred_at=seen.latest_occurred_at,
        )
        return self._stored(seal_stream("test", str(first_id)), event)

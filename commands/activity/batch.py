"""Decide a batch of activities: which rows the fact log gets, and what is new about the customers they speak of."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent

from commands.activity.fact_keys import message_key, order_key
from commands.activity.telling import Telling, concerned
from commands.identity.describing import Describing
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.facts import FactRow
from commands.runtime.streams import Streams
from domain.activity.activity import Activity
from domain.activity.occurrences import MINOR, ORIGIN, names_fact
from domain.identity.customer import Customer
from domain.identity.identifier import Identifier
from domain.identity.naming import Naming
from domain.kernel.event import Event

_REMEMBERED = 500_000
_encode = msgspec.json.Encoder().encode

Sighting = tuple[Identifier, ...]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What to write: `rows` by dedupe key, the customers' events, and what is known once it is written."""

    keys: Sequence[UUID]
    rows: Mapping[UUID, FactRow]
    stored: Sequence[StoredEvent]
    recorded_at: datetime
    learned: Sequence[Sighting]


class Known:
    """The combinations of identifiers this process has already seen recorded: most facts come with one of them."""

    def __init__(self, capacity: int = _REMEMBERED) -> None:
        """Remember at most `capacity` combinations, the most recently learned ones."""
        self._seen: OrderedDict[Sighting, None] = OrderedDict()
        self._capacity = capacity

    def __contains__(self, sighting: Sighting) -> bool:
        """Whether the combination is recorded for sure."""
        return sighting in self._seen

    def learn(self, sightings: Iterable[Sighting]) -> None:
        """Remember combinations that are now committed."""
        for sighting in sightings:
            self._seen[sighting] = None
        while len(self._seen) > self._capacity:
            self._seen.popitem(last=False)

    def forget(self) -> None:
        """Forget everything: a conflict with another process is rare and the truth is one query away."""
        self._seen.clear()


async def decide(
    activities: Sequence[Activity],
    known: Known,
    streams: Streams,
    naming: Naming,
    actor: str,
    describing: Describing,
) -> Batch:
    """Return what to write for the activities; reads the streams of customers that may have something new only."""
    recorded_at = now()
    news: dict[UUID, list[Activity]] = {}
    learned: list[Sighting] = []
    sealing: set[UUID] = set()
    names = [naming.customer_id(activity.identifiers[0]) for activity in activities]
    for customer_id, activity in zip(names, activities, strict=True):
        if activity.operation or activity.traits or activity.identifiers not in known:
            news.setdefault(customer_id, []).append(activity)
            if activity.operation is None or not activity.operation.cut:
                learned.append(activity.identifiers)
            for other_id in concerned(activity, naming):
                if other_id != customer_id:
                    news.setdefault(other_id, []).append(activity)
        if activity.personal:
            sealing.add(customer_id)
    stored = await _customer_events(news, streams, Telling(naming, describing), Context(actor=actor), recorded_at)
    await streams.keyring.ensure(sealing)
    keys = [_dedupe_key(activity) for activity in activities]
    rows: dict[UUID, FactRow] = {}
    for key, customer_id, activity in zip(keys, names, activities, strict=True):
        if key not in rows:
            rows[key] = _row(customer_id, activity, streams)
    return Batch(keys=keys, rows=rows, stored=stored, recorded_at=recorded_at, learned=learned)


async def _customer_events(
    news: Mapping[UUID, Sequence[Activity]], streams: Streams, telling: Telling, by: Context, recorded_at: datetime
) -> list[StoredEvent]:
    if not news:
        return []
    customers = await streams.load_many(Customer, news)
    events: list[Event] = []
    for customer_id, activities in news.items():
        customer = customers[customer_id]
        for activity in activities:
            telling.tell(customer, activity)
        meta = by.meta(recorded_at)
        events += [
            event.inside(msgspec.structs.replace(meta, occurred_at=activities[0].occurred_at))
            for event in customer.collect_events()
        ]
    await streams.keyring.ensure(event.originator_id for event in events if event.is_personal)
    return [streams.mapper.to_stored_event(event) for event in events]


def _row(customer_id: UUID, activity: Activity, streams: Streams) -> FactRow:
    sealed = streams.keyring.seal(customer_id, _encode(activity.personal)) if activity.personal else None
    return FactRow(
        activity.occurred_at,
        customer_id,
        activity.name,
        activity.source,
        activity.amount,
        activity.currency,
        _encode({**activity.properties, ORIGIN: _origin(activity)}).decode(),
        sealed,
    )


def _origin(activity: Activity) -> dict[str, Any]:
    origin: dict[str, Any] = {"message_id": activity.message_id, "received_at": activity.received_at}
    if activity.is_minor or names_fact(activity.message_id, activity.name):
        origin[MINOR] = activity.is_minor
    if activity.original_at:
        origin["original_at"] = activity.original_at
    if activity.sent_at:
        origin["sent_at"] = activity.sent_at
    if activity.context:
        origin["context"] = activity.context
    return origin


def _dedupe_key(activity: Activity) -> UUID:
    # An order told by two systems, under the number they share, is one order.
    if activity.order_ref is not None:
        return order_key(activity.name, activity.order_ref)
    return message_key(activity.source, activity.message_id)

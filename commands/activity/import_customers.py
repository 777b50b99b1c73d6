"""Import customers in bulk: registered where they are new, described where something new is said of them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import IntegrityError, StoredEvent

from commands.identity.describing import Describing, shipped
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from commands.runtime.suppressions import SuppressionsMovedError
from domain.identity.claim import CustomerErasedError, Observed
from domain.identity.consent_words import ToldConsent
from domain.identity.customer import Customer
from domain.kernel.event import Event
from domain.tags.words import TagList

# While live commands share the log, a transaction holds its lock for as long as these take.
MOST_EVENTS = 2_000
_ATTEMPTS = 5


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as a file shows it: under which identifiers, since when, and what it says of the person."""

    customer_id: UUID
    identifiers: tuple[Observed, ...]
    occurred_at: datetime
    attributes: Mapping[str, Any] = {}
    personal: Mapping[str, Any] = {}
    tags: TagList | None = None
    consents: tuple[ToldConsent, ...] = ()


async def import_customers(
    store: EventStore, seen: Sequence[Seen], *, by: Context, source: str = "", describing: Describing | None = None
) -> int:
    """Note who was seen and return how many were not taken in, being erased; what is known already changes nothing.

    What `source` says is cleaned by the rules given, or those of Koi.
    """
    telling = _Telling(source, describing or shipped())
    parts = [seen[first : first + MOST_EVENTS] for first in range(0, len(seen), MOST_EVENTS)]
    return sum([await _note(store, part, by, telling) for part in parts])


class _Telling(msgspec.Struct, frozen=True):
    source: str
    rules: Describing

    def tell(self, customer: Customer, one: Seen) -> None:
        customer.observe(one.identifiers, one.occurred_at)
        if one.attributes or one.personal:
            said = {**one.attributes, **one.personal}
            self.rules.describe(customer, said, source=self.source, said_at=one.occurred_at, sealed=one.personal)
        if one.tags:
            customer.tag(one.tags)
        for word in one.consents:
            customer.hear_consent(word)


async def _note(store: EventStore, seen: Sequence[Seen], by: Context, telling: _Telling) -> int:
    suppressions = store.suppressions
    for attempt in range(_ATTEMPTS):
        known = suppressions.position
        let_in = [one for one in seen if not any(named.id in suppressions for named in one.identifiers)]
        try:
            events = await _decided(store, let_in, by, telling)
            for first in range(0, len(events), MOST_EVENTS):
                await asyncio.to_thread(_write, store, events[first : first + MOST_EVENTS], known)
        except (IntegrityError, SuppressionsMovedError, CustomerErasedError):
            # Another process wrote to one of them, or erased somebody, first: see what is left to say.
            if attempt == _ATTEMPTS - 1:
                raise
            await suppressions.refresh()
        else:
            return len(seen) - len(let_in)
    return 0


def _write(store: EventStore, events: Sequence[StoredEvent], known: int) -> None:
    store.recorder.insert_events(events, after=lambda cursor, _: store.suppressions.check(cursor, known))


async def _decided(store: EventStore, seen: Sequence[Seen], by: Context, telling: _Telling) -> list[StoredEvent]:
    customers = await store.streams.load_many(Customer, [one.customer_id for one in seen])
    meta = by.meta(now())
    events: list[Event] = []
    for one in seen:
        customer = customers[one.customer_id]
        telling.tell(customer, one)
        mine = msgspec.structs.replace(meta, occurred_at=one.occurred_at)
        events += [event.inside(mine) for event in customer.collect_events()]
    await store.keyring.ensure(event.originator_id for event in events if event.is_personal)
    return [store.streams.mapper.to_stored_event(event) for event in events]

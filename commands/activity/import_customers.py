"""Import customers in bulk: registered where they are new, described where something new is said of them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import IntegrityError, StoredEvent

from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.identity.customer import Customer, Observed
from domain.kernel.event import Event

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


async def import_customers(store: EventStore, seen: Sequence[Seen], *, by: Context) -> None:
    """Note who was seen; what is known already changes nothing."""
    for first in range(0, len(seen), MOST_EVENTS):
        await _note(store, seen[first : first + MOST_EVENTS], by)


async def _note(store: EventStore, seen: Sequence[Seen], by: Context) -> None:
    for attempt in range(_ATTEMPTS):
        events = await _decided(store, seen, by)
        try:
            for first in range(0, len(events), MOST_EVENTS):
                await asyncio.to_thread(store.recorder.insert_events, events[first : first + MOST_EVENTS])
        except IntegrityError:
            # Another process wrote to one of them first: see what is left to say.
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


async def _decided(store: EventStore, seen: Sequence[Seen], by: Context) -> list[StoredEvent]:
    customers = await store.streams.load_many(Customer, [one.customer_id for one in seen])
    meta = by.meta(now())
    events: list[Event] = []
    for one in seen:
        customer = customers[one.customer_id]
        customer.observe(one.identifiers, one.occurred_at)
        if one.attributes or one.personal:
            customer.describe(dict(one.attributes), dict(one.personal), one.occurred_at)
        mine = msgspec.structs.replace(meta, occurred_at=one.occurred_at)
        events += [event.inside(mine) for event in customer.collect_events()]
    await store.keyring.ensure(event.originator_id for event in events if event.is_personal)
    return [store.streams.mapper.to_stored_event(event) for event in events]

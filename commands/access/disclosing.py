"""Record that something was shown in clear, before it is shown."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.access.disclosure import PersonExported, QuarantineShown
from domain.identity.claim import CustomerErasedError
from domain.identity.customer import Customer
from domain.kernel.aggregate import Aggregate
from domain.kernel.event import Event
from domain.kernel.ids import derived


class _Disclosure(Aggregate):
    """One showing: a stream of its own."""

    def evolve(self, event: Event) -> None:
        """Nothing is decided by it."""


async def disclose_quarantine(store: EventStore, entries: Sequence[int], source: str, *, by: str) -> int:
    """Record who is shown these entries; return the position of the record."""
    disclosure = _Disclosure(derived("disclosure", uuid4()))
    disclosure.record(QuarantineShown, entries=tuple(entries), source=source)
    saved = await store.streams.save(disclosure, by=Context(actor=by, occurred_at=now()))
    return saved.position


async def disclose_person(
    store: EventStore, customer_id: UUID, customers: Sequence[UUID], *, form: str, language: str, by: str
) -> int:
    """Record who is given all about a person; return the position of the record.

    Raises `CustomerErasedError` where nothing may be known of her any more.
    """
    if (await store.streams.load(Customer, customer_id)).is_erased:
        raise CustomerErasedError("this person was erased: there is nothing left to hand out", field="customer_id")
    disclosure = _Disclosure(derived("disclosure", uuid4()))
    disclosure.record(PersonExported, customer_id=customer_id, customers=tuple(customers), form=form, language=language)
    saved = await store.streams.save(disclosure, by=Context(actor=by, occurred_at=now()))
    return saved.position

"""Record that something was shown in clear, before it is shown."""

from collections.abc import Sequence
from uuid import uuid4

from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.access.disclosure import QuarantineShown
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

"""The aggregate root: decides in its public methods, changes only by its events.

It satisfies the `eventsourcing` library's protocols (`MutableAggregateProtocol`, `CollectEventsProtocol`) without its
metaclass, so that a decision takes microseconds, reads no clock, and an event is a plain struct.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from domain.kernel.event import EPOCH, NO_META, Event, Meta


class Aggregate:
    """A stream's present state: `version` counts its events, `evolve` is the only way to change it."""

    def __init__(self, stream_id: UUID) -> None:
        """Begin empty: version 0 has no history yet."""
        self.id = stream_id
        self.version = 0
        self._pending: list[Event] = []

    @classmethod
    def rebuilt(cls, stream_id: UUID, history: Iterable[Event]) -> Self:
        """Return the state after these events, in order."""
        aggregate = cls(stream_id)
        for event in history:
            aggregate.evolve(event)
            aggregate.version = event.originator_version
        return aggregate

    @property
    def exists(self) -> bool:
        """Whether anything ever happened in this stream."""
        return self.version > 0

    def evolve(self, event: Event) -> None:
        """Assign what the event says; decides nothing, refuses nothing."""
        raise NotImplementedError

    def record(self, event_type: type[Event], *, occurred_at: datetime = EPOCH, **fields: Any) -> None:
        """Let it happen: apply the new event and keep it for saving.

        `occurred_at` (UTC) is given where the business time decides something; else it is that of the command.
        """
        event = event_type(
            originator_id=self.id,
            originator_version=self.version + 1,
            meta=NO_META if occurred_at is EPOCH else Meta(occurred_at=occurred_at),
            **fields,
        )
        self.evolve(event)
        self.version = event.originator_version
        self._pending.append(event)

    def collect_events(self) -> Sequence[Event]:
        """Hand over the events not yet saved, once."""
        pending, self._pending = self._pending, []
        return pending

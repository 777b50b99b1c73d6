"""Record what a feed tells of the weather: what is new or changed becomes history, the rest is known."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from eventsourcing.persistence import IntegrityError, StoredEvent

from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.context.weather import Observation, WeatherObserved, weather_stream
from domain.kernel.stored import to_state

_AT_ONCE: Final = 1_000
_ATTEMPTS: Final = 5


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """How many observations were new or changed, and how many were known."""

    accepted: int
    duplicates: int


async def record_weather(store: EventStore, source: str, observations: Sequence[Observation], *, by: Context) -> Noted:
    """Record them; of two about one day and region the later one counts."""
    latest = {weather_stream(source, one): one for one in observations}
    accepted = 0
    for first in range(0, len(latest), _AT_ONCE):
        some = dict(list(latest.items())[first : first + _AT_ONCE])
        accepted += await _record(store, source, some, by)
    return Noted(accepted=accepted, duplicates=len(observations) - accepted)


async def _record(store: EventStore, source: str, observations: dict[UUID, Observation], by: Context) -> int:
    for attempt in range(_ATTEMPTS):
        events = await _news(store, source, observations, by)
        try:
            if events:
                await asyncio.to_thread(store.recorder.insert_events, events)
        except IntegrityError:
            # Another process told the same at the same moment: see what is left to say.
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return len(events)
    return 0


async def _news(
    store: EventStore, source: str, observations: dict[UUID, Observation], by: Context
) -> list[StoredEvent]:
    known = {event.originator_id: event for event in await store.streams.history(list(observations))}
    meta = by.meta(now())
    events = []
    for stream, observation in observations.items():
        before = known.get(stream)
        if isinstance(before, WeatherObserved) and before.observation == observation:
            continue
        event = WeatherObserved(
            originator_id=stream,
            originator_version=before.originator_version + 1 if before else 1,
            meta=meta,
            source=source,
            observation=observation,
        )
        events.append(
            StoredEvent(
                originator_id=stream,
                originator_version=event.originator_version,
                topic=event.TOPIC,
                state=to_state(event),
            )
        )
    return events

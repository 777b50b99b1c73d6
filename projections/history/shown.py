"""History as JSON: events with their envelope, and the state a stream was in."""

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from domain.kernel.aggregate import Aggregate
from domain.kernel.event import Event, Meta
from domain.tags.words import TagWords
from projections.history.queries import Happened

_ENVELOPE = frozenset({"originator_id", "originator_version", "meta"})


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a stream; `meta` says who asked for it and why, both its times are UTC."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    meta: Meta
    payload: dict[str, Any]


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream amounted to after `version` of its events, the last one at `position`, recorded at `recorded_at`.

    `kind` is the aggregate's name; a stream without one (a seal of facts) shows its last event.
    """

    stream_id: UUID
    kind: str
    version: int
    position: int
    recorded_at: datetime
    state: dict[str, Any]


def recorded(happened: Happened) -> Recorded:
    """Return the event for reading."""
    event = happened.event
    return Recorded(
        position=happened.position,
        stream_id=event.originator_id,
        version=event.originator_version,
        topic=happened.topic,
        meta=event.meta,
        payload=_payload(event),
    )


def state_after(history: Iterable[Happened], *, at: datetime | None = None) -> StreamState | None:
    """Return what the stream's events amount to, of those recorded until `at` if a time is given; None if none were."""
    known = [one for one in history if at is None or one.event.meta.recorded_at <= at]
    if not known:
        return None
    last = known[-1].event
    kind = _kind_of(last)
    if kind is None:
        state = _payload(last)
    else:
        aggregate = kind.rebuilt(last.originator_id, [one.event for one in known])
        state = {name: plain(value) for name, value in vars(aggregate).items() if not name.startswith("_")}
    return StreamState(
        stream_id=last.originator_id,
        kind=kind.__name__ if kind else type(last).__name__,
        version=last.originator_version,
        position=known[-1].position,
        recorded_at=last.meta.recorded_at,
        state=state,
    )


def plain(value: Any) -> Any:
    """Return any value of the domain as JSON can hold it: keys become text, sets sorted lists."""
    match value:
        case Event():
            plainer: Any = _payload(value)
        case msgspec.Struct():
            plainer = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        case Enum():
            plainer = value.value
        case TagWords():
            plainer = plain(value.present)
        case Mapping():
            plainer = {_key(key): plain(item) for key, item in value.items()}
        case set() | frozenset():
            plainer = sorted((plain(item) for item in value), key=str)
        case list() | tuple():
            plainer = [plain(item) for item in value]
        case _:
            plainer = value
    return plainer


def _key(key: Any) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _payload(event: Event) -> dict[str, Any]:
    return {name: plain(getattr(event, name)) for name in event.__struct_fields__ if name not in _ENVELOPE}


def _kind_of(event: Event) -> type[Aggregate] | None:
    """Return the aggregate the event is nested in, None if it stands alone."""
    nest = getattr(sys.modules[type(event).__module__], type(event).__qualname__.partition(".")[0])
    if not issubclass(nest, Aggregate):
        return None
    kind: type[Aggregate] = nest
    while wholes := kind.__subclasses__():  # an aggregate's events may be nested in a part of it
        kind = wholes[0]
    return kind

"""What happened: frozen structs with a stable, versioned topic, and the envelope every one of them carries."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NIL = UUID(int=0)

type_of_topic: dict[str, type["Event"]] = {}
upcasters: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {}


class Meta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope of an event.

    `occurred_at` is business time and `recorded_at` the time of writing, both UTC; `actor` asked for it by the command
    `command_id`, because of the event or fact `causation_id`, within the story `correlation_id`.
    """

    occurred_at: datetime = EPOCH
    recorded_at: datetime = EPOCH
    actor: str = ""
    command_id: UUID | None = None
    causation_id: str | None = None
    correlation_id: str | None = None


NO_META = Meta()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact of the past about one stream.

    `TOPIC` is stored for ever: a change of meaning is a new version of the topic and an upcaster from the old one.
    `PERSONAL` names fields of type dict[str, ...] whose values are sealed one by one under the key of the customer
    whose stream it is.
    """

    TOPIC: ClassVar[str] = ""
    PERSONAL: ClassVar[tuple[str, ...]] = ()

    originator_id: UUID = NIL
    originator_version: int = 0
    meta: Meta = NO_META

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Register the topic; two events can never share one."""
        super().__init_subclass__(**kwargs)
        if not cls.TOPIC:
            return
        known = type_of_topic.setdefault(cls.TOPIC, cls)
        # msgspec may build a class twice (slots); the same qualified name is the same event.
        if known is not cls and known.__qualname__ != cls.__qualname__:
            msg = f"topic {cls.TOPIC} belongs to {known.__qualname__} already"
            raise TypeError(msg)
        type_of_topic[cls.TOPIC] = cls

    @property
    def is_personal(self) -> bool:
        """Whether the event holds a value that has to be sealed."""
        return any(getattr(self, name) for name in self.PERSONAL)

    def inside(self, meta: Meta) -> Self:
        """Return the same event inside its envelope; a business time it already has stays."""
        if self.meta.occurred_at is not EPOCH:
            meta = msgspec.structs.replace(meta, occurred_at=self.meta.occurred_at)
        return msgspec.structs.replace(self, meta=meta)


def upcast(topic: str, *, to: type[Event]) -> Callable[[Callable[[dict[str, Any]], dict[str, Any]]], None]:
    """Declare how the stored form of a retired topic is read as its successor: events are never rewritten."""

    def declare(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        upcasters[topic] = (to.TOPIC, change)

    return declare


def topics_of(event_type: type[Event]) -> frozenset[str]:
    """Return every topic that is read as this event: its own, and those retired in its favour."""
    found = {event_type.TOPIC}
    for _ in upcasters:
        found |= {retired for retired, (successor, _) in upcasters.items() if successor in found}
    return frozenset(found)

"""Between events and their stored form, through the library's mapper seam."""

from uuid import UUID

import msgspec
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent

from commands.runtime.keyring import KeyRing
from domain.kernel.event import Event
from domain.kernel.stored import from_state, to_state


class SealingMapper(Mapper[UUID]):
    """Encodes events as JSON with personal values sealed under the key of the customer they belong to."""

    def __init__(self, keyring: KeyRing | None = None) -> None:
        """Take the keys; without them events with personal values cannot be written, and are read without them."""
        super().__init__(JSONTranscoder())
        self._keyring = keyring

    def to_stored_event(self, domain_event: Event) -> StoredEvent:  # type: ignore[override]  # events are our structs
        """Encode; the customer's key must have been ensured if the event holds personal values."""
        ring, subject = self._keyring, domain_event.originator_id
        seal = (lambda clear: ring.seal(subject, clear)) if ring and domain_event.PERSONAL else None
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.TOPIC,
            state=to_state(domain_event, seal),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """Decode an event of any version; raises `MapperDeserialisationError` naming the event, never its content."""
        return self.decoded(
            stored_event.topic,
            stored_event.state,
            UUID(str(stored_event.originator_id)),
            stored_event.originator_version,
        )

    def decoded(self, topic: str, state: bytes, stream_id: UUID, version: int) -> Event:
        """Decode the columns of one row of the decision log."""
        ring = self._keyring
        unseal = (lambda sealed: ring.unseal(stream_id, sealed)) if ring else None
        try:
            return from_state(topic, state, stream_id, version, unseal)
        except (ValueError, LookupError, msgspec.MsgspecError) as error:
            msg = f"cannot read {topic} (stream {stream_id}, version {version}): {type(error).__name__}"
            raise MapperDeserialisationError(msg) from error

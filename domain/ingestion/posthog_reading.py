"""Reading events of PostHog's SDKs into activities."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.activity.activity import Activity, sections
from domain.activity.amount import amount_of
from domain.activity.operation import Operation, OperationKind
from domain.activity.personal import split
from domain.activity.vocabulary import Vocabulary
from domain.ingestion.clocks import Clocks, corrected, instant
from domain.ingestion.content_ids import ContentIds, given_id
from domain.ingestion.observed import Observed
from domain.ingestion.posthog_event import (
    Event,
    attributes_of,
    call_of,
    circumstances_of,
    name_of,
    observe,
    properties_of,
    removed_of,
)
from domain.ingestion.refusal import Defaults, Limits, MessageError

# A page may stand open for long before it sends, but not for ever; more is no time that passed.
_LONGEST_OFFSET: Final = timedelta(days=366)


class EventReading:
    """Reads the events of one request, sent when the client's clock said `sent_at`."""

    def __init__(
        self,
        source: str,
        received_at: datetime,
        sent_at: datetime | None,
        vocabulary: Vocabulary,
        limits: Limits,
        defaults: Defaults,
    ) -> None:
        self._source = source
        self._received_at = received_at
        self._sent_at = sent_at
        self._vocabulary = vocabulary
        self._limits = limits
        self._defaults = defaults
        self._ids = ContentIds(received_at)

    def activity(self, event: Event) -> Activity:
        """Return what the event says; raises `MessageError` or `MoneyError`, naming the field at fault."""
        call = call_of(event)
        kind = self._vocabulary.kind(name_of(event, call, self._vocabulary))
        properties = properties_of(event, call)
        traits = attributes_of(event, "$set")
        observed = Observed(self._defaults.region, self._limits.identifiers)
        observe(event, call, traits, observed)
        clocks = self._clocks(event)
        amount, currency = amount_of(kind, properties, self._defaults.currency)
        plain, personal = split(properties)
        circumstances, personal_context = split(circumstances_of(event))
        return Activity(
            message_id=self._message_id(event),
            source=self._source,
            name=kind.name,
            occurred_at=clocks.occurred_at,
            received_at=self._received_at,
            identifiers=observed.strongest_first("an event needs the distinct_id of a person", "distinct_id"),
            amount=amount,
            currency=currency,
            properties=plain,
            context=circumstances,
            personal=sections(personal, personal_context),
            traits=traits,
            original_at=clocks.original_at,
            sent_at=clocks.sent_at,
            operation=_operation(event),
        )

    def _clocks(self, event: Event) -> Clocks:
        timestamp = instant(event.timestamp, "timestamp")
        ago = event.offset
        if (
            timestamp is None
            and isinstance(ago, int | float)
            and 0 <= ago <= _LONGEST_OFFSET / timedelta(milliseconds=1)
        ):
            # How long ago it was says the same whatever the clock.
            return corrected(self._received_at - timedelta(milliseconds=ago), None, None, self._received_at)
        return corrected(timestamp, None, self._sent_at, self._received_at)

    def _message_id(self, event: Event) -> str:
        given = given_id(event.uuid, "uuid")
        if given is not None:
            return given
        content = msgspec.json.encode(msgspec.structs.replace(event, offset=None), order="deterministic")
        return self._ids.id_of(content, has_time=event.timestamp is not None)


def _operation(event: Event) -> Operation | None:
    """Return what the event asks of the profile beside `$set`; raises `MessageError` for two things at once."""
    once, removed = attributes_of(event, "$set_once"), removed_of(event)
    if once and removed:
        raise MessageError("attributes.invalid", "send $unset in an event of its own", field="$unset")
    if once:
        return Operation(kind=OperationKind.SET_ONCE, attributes=once)
    if removed:
        return Operation(kind=OperationKind.REMOVE, attributes=dict.fromkeys(removed))
    return None

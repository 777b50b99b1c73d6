"""Reading messages of the Segment family into activities."""

from datetime import datetime
from typing import Any

from domain.activity.activity import Activity, sections
from domain.activity.amount import amount_of
from domain.activity.personal import split
from domain.activity.vocabulary import Vocabulary
from domain.ingestion.clocks import Clocks, corrected, instant
from domain.ingestion.content_ids import ContentIds, given_id
from domain.ingestion.observed import Observed
from domain.ingestion.refusal import Defaults, Limits, MessageError
from domain.ingestion.segment_message import (
    Message,
    call_of,
    circumstances_of,
    content,
    name_of,
    observe,
    properties_of,
    traits_of,
)


class Reading:
    """Reads the messages of one request: they share a source, a time of arrival and perhaps context and clock."""

    def __init__(
        self, source: str, received_at: datetime, vocabulary: Vocabulary, limits: Limits, defaults: Defaults
    ) -> None:
        self._source = source
        self._received_at = received_at
        self._vocabulary = vocabulary
        self._limits = limits
        self._defaults = defaults
        self._context: dict[str, Any] = {}
        self._integrations: dict[str, Any] = {}
        self._anonymous_id: str | None = None
        self._sent_at: datetime | None = None
        self._ids = ContentIds(received_at)

    def share(self, context: object, integrations: object, sent_at: object) -> None:
        """Take what the batch says for all its messages; a message's own word goes before it."""
        self._context = context if isinstance(context, dict) else {}
        self._integrations = integrations if isinstance(integrations, dict) else {}
        self._sent_at = _sent(sent_at) or self._sent_at

    def hear(self, anonymous_id: str | None, sent_at: str | None) -> None:
        """Take what the request's headers say: it counts where the body does not."""
        self._anonymous_id = anonymous_id
        self._sent_at = self._sent_at or _sent(sent_at)

    def activity(self, message: Message, call: str | None) -> Activity:
        """Return what the message says; raises `MessageError` or `MoneyError`, naming the field at fault.

        `call` is the endpoint that got it, None if the message has to tell its type.
        """
        call = call or call_of(message)
        context = self._context | message.context if self._context and message.context else message.context
        context = context or self._context
        properties = properties_of(message, call)
        kind = self._vocabulary.kind(name_of(message, call, self._vocabulary))
        observed = Observed(self._defaults.region, self._limits.identifiers)
        observe(message, call, context, observed)
        if observed.is_nobody:
            observed.noticed("anonymous", self._anonymous_id)
        clocks = self._clocks(message)
        amount, currency = amount_of(kind, properties, self._defaults.currency)
        plain, personal = split(properties)
        circumstances, personal_context = split(circumstances_of(message, context, self._integrations))
        return Activity(
            message_id=self._message_id(message, call),
            source=self._source,
            name=kind.name,
            occurred_at=clocks.occurred_at,
            received_at=self._received_at,
            identifiers=observed.strongest_first("a message needs a userId or an anonymousId", "userId"),
            amount=amount,
            currency=currency,
            properties=plain,
            context=circumstances,
            personal=sections(personal, personal_context),
            traits=traits_of(message, context) if call == "identify" else {},
            original_at=clocks.original_at,
            sent_at=clocks.sent_at,
        )

    def _clocks(self, message: Message) -> Clocks:
        return corrected(
            instant(message.timestamp, "timestamp"),
            instant(message.original_timestamp, "originalTimestamp"),
            self._sent_at if message.sent_at is None else _sent(message.sent_at),
            self._received_at,
        )

    def _message_id(self, message: Message, call: str) -> str:
        given = given_id(message.message_id, "messageId")
        if given is not None:
            return given
        has_time = message.timestamp is not None or message.original_timestamp is not None
        return self._ids.id_of(content(message, call), has_time=has_time)


def _sent(given: object) -> datetime | None:
    """Return when it was sent; it only serves to measure the clock, so nonsense counts as not given."""
    try:
        return instant(given, "sentAt")
    except MessageError:
        return None

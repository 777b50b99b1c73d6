"""Reading one CloudEvent into an activity."""

import base64
import binascii
import hashlib
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.activity.activity import Activity, sections
from domain.activity.amount import amount_of
from domain.activity.personal import split
from domain.activity.vocabulary import Vocabulary
from domain.identity.identifier import Identifier, IdentifierType
from domain.ingestion import json_text
from domain.ingestion.clocks import corrected, instant
from domain.ingestion.observed import Observed
from domain.ingestion.refusal import Defaults, Limits, MessageError

_LONGEST_ID: Final = 256
_KINDS: Final = frozenset(kind.value for kind in IdentifierType)
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])


class CloudEvent(msgspec.Struct):
    """An event as sent: the attributes of the specification, and the data, which is our own contract.

    `subject` is `type:value` of one of Koi's identifiers. The data is an object: `identifiers` (a list of
    `{"type", "value"}`) and `traits` (the customer's attributes) are taken out, everything else is a property.
    """

    specversion: Any = None
    id: Any = None
    source: Any = None
    type: Any = None
    time: Any = None
    subject: Any = None
    data: Any = None
    data_base64: Any = None


class EventReading:
    """Reads the events of one request."""

    def __init__(
        self, source: str, received_at: datetime, vocabulary: Vocabulary, limits: Limits, defaults: Defaults
    ) -> None:
        self._source = source
        self._received_at = received_at
        self._vocabulary = vocabulary
        self._limits = limits
        self._defaults = defaults

    def activity(self, event: CloudEvent) -> Activity:
        """Return what the event says; raises `MessageError` or `MoneyError`, naming the field at fault."""
        if event.specversion != "1.0":
            raise MessageError("specversion.unknown", "must be 1.0", field="specversion")
        source, type_ = _required(event.source, "source"), _required(event.type, "type")
        data = _data(event, self._limits)
        identifiers = self._identifiers(event.subject, data.pop("identifiers", None))
        traits = data.pop("traits", None)
        if not isinstance(traits, dict | None):
            raise MessageError("data.invalid", "must be an object", field="data.traits")
        kind = self._vocabulary.kind(self._vocabulary.name_of("cloudevents", type_))
        clocks = corrected(instant(event.time, "time"), None, None, self._received_at)
        amount, currency = amount_of(kind, data, self._defaults.currency, section="data")
        plain, personal = split(data)
        return Activity(
            message_id=_message_id(source, _required(event.id, "id")),
            source=self._source,
            name=kind.name,
            occurred_at=clocks.occurred_at,
            received_at=self._received_at,
            identifiers=identifiers,
            amount=amount,
            currency=currency,
            properties=plain,
            context={"event_source": source, "event_type": type_},
            personal=sections(personal, {}),
            traits={key: value for key, value in (traits or {}).items() if value is not None},
            original_at=clocks.original_at,
        )

    def _identifiers(self, subject: object, listed: object) -> tuple[Identifier, ...]:
        observed = Observed(self._defaults.region, self._limits.identifiers)
        if not isinstance(listed, list | None):
            raise MessageError("data.invalid", 'must be a list of {"type", "value"}', field="data.identifiers")
        if isinstance(subject, str):
            kind, _, value = subject.partition(":")
            if kind in _KINDS:
                observed.named(kind, value, "subject")
        for index, entry in enumerate(listed or ()):
            field = f"data.identifiers.{index}"
            if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
                raise MessageError("data.invalid", 'must be {"type": .., "value": ..}', field=field)
            observed.named(entry["type"], entry.get("value"), field)
        return observed.strongest_first(
            f"must be type:value with a type of {', '.join(sorted(_KINDS))}, or send data.identifiers", "subject"
        )


def _required(value: object, field: str) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise MessageError("attribute.missing", "is required by CloudEvents, as text", field=field)


def _message_id(source: str, event_id: str) -> str:
    """Return what CloudEvents promises to be unique: source and id. A source holds no space, so none is ambiguous."""
    whole = f"{source} {event_id}"
    return whole if len(whole) <= _LONGEST_ID else hashlib.sha256(whole.encode()).hexdigest()


def _data(event: CloudEvent, limits: Limits) -> dict[str, Any]:
    """Return a copy of the data as an object; raises `MessageError` for anything else."""
    if event.data_base64 is not None:
        try:
            raw = base64.b64decode(event.data_base64, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise MessageError("data.invalid", "must be base64 text", field="data_base64") from None
        return json_text.read_message(_OBJECT, raw, limits)
    if event.data is None:
        return {}
    if not isinstance(event.data, dict):
        raise MessageError("data.invalid", "must be a JSON object", field="data")
    return dict(event.data)

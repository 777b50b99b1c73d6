"""CloudEvents 1.0 (structured, batched or binary), read into activities."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from domain.activity.vocabulary import Vocabulary
from domain.ingestion import json_text
from domain.ingestion.cloudevents_reading import CloudEvent, EventReading
from domain.ingestion.refusal import (
    DEFAULT_LIMITS,
    DEFAULTS,
    BodyTooLargeError,
    Defaults,
    Limits,
    Parsed,
    TooManyMessagesError,
)
from domain.ingestion.sorting import sorted_out

__all__ = ["parse"]

_BATCH_TYPE: Final = "application/cloudevents-batch"
_EVENT_TYPE: Final = "application/cloudevents"
_PREFIX: Final = "ce-"
_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "time", "subject")

_BATCHES: Final = msgspec.json.Decoder(list[msgspec.Raw])
_EVENTS: Final = msgspec.json.Decoder(CloudEvent)
_OBJECTS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANYTHING: Final = msgspec.json.Decoder(Any)
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)


def parse(
    raw: bytes,
    *,
    headers: Mapping[str, str],
    source: str,
    received_at: datetime,
    vocabulary: Vocabulary,
    limits: Limits = DEFAULT_LIMITS,
    defaults: Defaults = DEFAULTS,
) -> Parsed:
    """Read the decompressed body of a request that reached us at `received_at` (UTC).

    The mode is told by Content-Type, then by a `ce-specversion` header, then by the body's first byte, since binary
    mode often comes without a Content-Type. A bad event is among the refused, good neighbours go through. Raises
    `MalformedBodyError`, `TooDeepError`, `BodyTooLargeError` or `TooManyMessagesError` for the body as a whole.
    """
    if len(raw) > limits.body_bytes:
        raise BodyTooLargeError(f"the body has more than {limits.body_bytes} bytes: send smaller batches")
    lowered = {name.lower(): value for name, value in headers.items()}
    reading = EventReading(source, received_at, vocabulary, limits, defaults)
    media_type = lowered.get("content-type", "").strip().lower()
    if media_type.startswith(_BATCH_TYPE):
        return _batch(raw, reading, limits)
    if not media_type.startswith(_EVENT_TYPE):
        if "ce-specversion" in lowered:
            if raw.strip():
                json_text.read_body(_RAW, raw)
            return sorted_out([raw], lambda one: reading.activity(_binary(one, lowered, limits)))
        if raw.lstrip()[:1] == b"[":
            return _batch(raw, reading, limits)
    json_text.read_body(
        _OBJECTS, raw
    )  # what is no JSON object fails the request, what is no event is refused like one in a batch
    return sorted_out([raw], lambda one: reading.activity(json_text.read_message(_EVENTS, one, limits)))


def _batch(raw: bytes, reading: EventReading, limits: Limits) -> Parsed:
    events = json_text.read_body(_BATCHES, raw)
    if len(events) > limits.messages:
        raise TooManyMessagesError(f"a batch has at most {limits.messages} events")
    return sorted_out(map(bytes, events), lambda one: reading.activity(json_text.read_message(_EVENTS, one, limits)))


def _binary(raw: bytes, headers: Mapping[str, str], limits: Limits) -> CloudEvent:
    """Return the event of binary mode: attributes percent-decoded from headers, the body is its data."""
    attributes = {
        name.removeprefix(_PREFIX): unquote(value.strip().strip('"'))
        for name, value in headers.items()
        if name.startswith(_PREFIX)
    }
    known = {name: attributes.get(name) for name in _ATTRIBUTES}
    return CloudEvent(**known, data=json_text.read_message(_ANYTHING, raw, limits) if raw.strip() else None)

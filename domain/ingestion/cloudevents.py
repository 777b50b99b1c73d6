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
_NO_ATTRIBUTES: Final = frozenset({"ce-data", "ce-data_base64"})

_BATCHES: Final = msgspec.json.Decoder(list[msgspec.Raw])
_EVENTS: Final = msgspec.json.Decoder(CloudEvent)
_OBJECTS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
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
            raw = _structured(raw, lowered)
        elif raw.lstrip()[:1] == b"[":
            return _batch(raw, reading, limits)
    # What is no JSON object fails the request, what is no event is refused like one in a batch.
    json_text.read_body(_OBJECTS, raw)
    return sorted_out([raw], lambda one: reading.activity(json_text.read_message(_EVENTS, one, limits)))


def _batch(raw: bytes, reading: EventReading, limits: Limits) -> Parsed:
    events = json_text.read_body(_BATCHES, raw)
    if len(events) > limits.messages:
        raise TooManyMessagesError(f"a batch has at most {limits.messages} events")
    return sorted_out(map(bytes, events), lambda one: reading.activity(json_text.read_message(_EVENTS, one, limits)))


def _structured(raw: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the event of binary mode in structured form, so that what is refused is kept with its attributes.

    They are percent-decoded from headers; the body, which may be empty, is the data.
    """
    event: dict[str, Any] = {
        name.removeprefix(_PREFIX): unquote(value.strip().strip('"'), errors="replace")
        for name, value in headers.items()
        if name.startswith(_PREFIX) and name not in _NO_ATTRIBUTES
    }
    if raw.strip():
        event["data"] = json_text.read_body(_RAW, raw)
    return msgspec.json.encode(event)

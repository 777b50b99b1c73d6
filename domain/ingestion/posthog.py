"""PostHog: what its SDKs send becomes activities, in the customer's time and Koi's words."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec

from domain.activity.vocabulary import Vocabulary
from domain.ingestion import json_text
from domain.ingestion.clocks import instant
from domain.ingestion.posthog_event import Event
from domain.ingestion.posthog_reading import EventReading
from domain.ingestion.refusal import (
    DEFAULT_LIMITS,
    DEFAULTS,
    BodyTooLargeError,
    Defaults,
    Limits,
    MalformedBodyError,
    MessageError,
    Parsed,
    TooManyMessagesError,
)
from domain.ingestion.sorting import sorted_out

__all__ = ["key_within", "parse", "unformed"]

_FORM: Final = b"data="
_LONGEST_CLOCK: Final = 16


class _Properties(msgspec.Struct):
    token: Any = None


class _Keyed(msgspec.Struct):
    """Where the SDKs, old and new, put the key of the project."""

    api_key: Any = None
    token: Any = None
    properties: _Properties | None = None

    @property
    def key(self) -> str | None:
        given = (self.api_key, self.token, self.properties.token if self.properties else None)
        return next((one for one in given if isinstance(one, str) and one), None)


class _Body(msgspec.Struct):
    batch: list[msgspec.Raw] | None = None
    sent_at: Any = None


_KEYED: Final = msgspec.json.Decoder(_Keyed)
_KEYED_EACH: Final = msgspec.json.Decoder(list[_Keyed])
_BODIES: Final = msgspec.json.Decoder(_Body)
_LISTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_EVENTS: Final = msgspec.json.Decoder(Event)


def unformed(body: bytes) -> bytes:
    """Return the JSON in a form's `data`, as a page sends it that is being closed; another body is returned as it is.

    Raises `MalformedBodyError` where there is no base64 in it.
    """
    if not body.startswith(_FORM):
        return body
    # A form writes spaces as plus signs, and base64 has plus signs but no spaces.
    text = unquote_plus(body.removeprefix(_FORM).partition(b"&")[0].decode("latin-1")).replace(" ", "+")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedBodyError("must be base64 of a JSON document", field="data") from None


def key_within(body: bytes) -> str | None:
    """Return the key in the body, None if there is none; raises `MalformedBodyError` where the body is no JSON."""
    try:
        if not body.startswith(b"["):
            return json_text.read(_KEYED, body).key
        return next((one.key for one in json_text.read(_KEYED_EACH, body) if one.key), None)
    except msgspec.ValidationError:
        return None


def parse(
    raw: bytes,
    *,
    source: str,
    received_at: datetime,
    vocabulary: Vocabulary,
    clock: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    defaults: Defaults = DEFAULTS,
) -> Parsed:
    """Read the body (decompressed, JSON) of a request that reached us at `received_at` (UTC).

    It holds one event, an array of them, or an object with a `batch`. `clock` is the client's clock when it sent the
    body, in milliseconds since 1970, where older browser SDKs say it in the query. A bad event is among the refused,
    good neighbours go through. Raises `MalformedBodyError`, `TooDeepError`, `BodyTooLargeError` or
    `TooManyMessagesError` for the body as a whole.
    """
    if len(raw) > limits.body_bytes:
        raise BodyTooLargeError(f"the body has more than {limits.body_bytes} bytes: send smaller batches")
    sent_at = _moment(clock)
    if raw.startswith(b"["):
        events = json_text.read_body(_LISTS, raw)
    else:
        body = json_text.read_body(_BODIES, raw)
        events = [msgspec.Raw(raw)] if body.batch is None else body.batch
        sent_at = _sent(body.sent_at) or sent_at
    if len(events) > limits.messages:
        raise TooManyMessagesError(f"a batch has at most {limits.messages} events", field="batch")
    reading = EventReading(source, received_at, sent_at, vocabulary, limits, defaults)
    return sorted_out(map(bytes, events), lambda one: reading.activity(json_text.read_message(_EVENTS, one, limits)))


def _sent(given: object) -> datetime | None:
    """Return when it was sent; it only serves to measure the clock, so nonsense counts as not given."""
    try:
        return instant(given, "sent_at")
    except MessageError:
        return None


def _moment(clock: str | None) -> datetime | None:
    if not clock or len(clock) > _LONGEST_CLOCK or not clock.isdecimal():
        return None
    try:
        return datetime.fromtimestamp(int(clock) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None

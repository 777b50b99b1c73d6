"""The Segment family (Segment, RudderStack): a batch, or one message, read into activities."""

from datetime import datetime
from typing import Any, Final

import msgspec

from domain.activity.vocabulary import Vocabulary
from domain.ingestion import json_text
from domain.ingestion.refusal import (
    DEFAULT_LIMITS,
    DEFAULTS,
    BodyTooLargeError,
    Defaults,
    Limits,
    MalformedBodyError,
    Parsed,
    TooDeepError,
    TooManyMessagesError,
)
from domain.ingestion.segment_message import CALLS, Message
from domain.ingestion.segment_reading import Reading
from domain.ingestion.sorting import sorted_out

__all__ = ["Headers", "parse"]

_BATCH_PATHS: Final = frozenset({"batch", "b"})


class _Body(msgspec.Struct, rename="camel"):
    # Messages stay raw at first, so that a bad one is refused alone and with its own bytes: 0.3 microseconds each.
    batch: list[msgspec.Raw] | None = None
    context: msgspec.Raw = msgspec.Raw()
    integrations: msgspec.Raw = msgspec.Raw()
    sent_at: Any = None


class Headers(msgspec.Struct, frozen=True, kw_only=True):
    """What RudderStack's browser SDK says in headers, decoded: who it is, and its clock when it sent this."""

    anonymous_id: str | None = None
    sent_at: str | None = None


_NO_HEADERS: Final = Headers()
_BODIES: Final = msgspec.json.Decoder(_Body)
_MESSAGES: Final = msgspec.json.Decoder(Message)
_ANYTHING: Final = msgspec.json.Decoder(Any)


def parse(
    raw: bytes,
    *,
    kind: str | None,
    source: str,
    received_at: datetime,
    vocabulary: Vocabulary,
    headers: Headers = _NO_HEADERS,
    limits: Limits = DEFAULT_LIMITS,
    defaults: Defaults = DEFAULTS,
) -> Parsed:
    """Read the decompressed body of a request that reached us at `received_at` (UTC).

    `kind` is the end of the path: batch, or identify, track, page, screen, group, alias, or the first letter of one;
    None looks for a `batch` in the body. What `headers` say counts where the body does not. A bad message is among the
    refused, good neighbours go through.

    Raises `MalformedBodyError`, `TooDeepError`, `BodyTooLargeError` or `TooManyMessagesError` for the body as a whole,
    `ValueError` for a kind that is none.
    """
    if len(raw) > limits.body_bytes:
        raise BodyTooLargeError(f"the body has more than {limits.body_bytes} bytes: send smaller batches")
    call = None if kind is None or kind in _BATCH_PATHS else CALLS.get(kind)
    if call is None and kind is not None and kind not in _BATCH_PATHS:
        raise ValueError(f"{kind!r} is no call of the Segment family")
    body = json_text.read_body(_BODIES, raw)
    reading = Reading(source, received_at, vocabulary, limits, defaults)
    reading.hear(headers.anonymous_id, headers.sent_at)
    if call is not None or (kind is None and body.batch is None):
        return sorted_out([raw], lambda one: reading.activity(json_text.read_message(_MESSAGES, one, limits), call))
    if body.batch is None:
        raise MalformedBodyError("a batch needs its messages in an array called batch", field="batch")
    if len(body.batch) > limits.messages:
        raise TooManyMessagesError(f"a batch has at most {limits.messages} messages", field="batch")
    context, integrations = (_shared(body, field, limits) for field in ("context", "integrations"))
    reading.share(context, integrations, body.sent_at)
    return sorted_out(
        map(bytes, body.batch), lambda one: reading.activity(json_text.read_message(_MESSAGES, one, limits), None)
    )


def _shared(body: _Body, field: str, limits: Limits) -> Any:
    """Return what the batch says once for all its messages; it is held to what they could say one by one."""
    raw = bytes(getattr(body, field))
    if not raw:
        return None
    if len(raw) * len(body.batch or ()) > limits.body_bytes:
        raise BodyTooLargeError(
            f"is told with every message, which makes more than {limits.body_bytes} bytes: send smaller batches",
            field=field,
        )
    if json_text.is_deeper(raw, limits.depth):
        raise TooDeepError(f"is nested at most {limits.depth} levels deep", field=field)
    return json_text.read_body(_ANYTHING, raw)

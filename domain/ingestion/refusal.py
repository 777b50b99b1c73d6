"""Refusals: why a body, or one message in it, cannot be taken."""

from typing import Final

import msgspec

from domain.activity.activity import Activity
from domain.kernel.errors import DomainError

_CEILING: Final = 4 * 1024 * 1024


class IngestionError(DomainError):
    """A source sent what cannot be taken."""

    code = "ingestion.refused"


class MalformedBodyError(IngestionError):
    """The body cannot be read at all; `line` and `column` (from 1) tell where it breaks, if that is known."""

    code = "body.malformed"

    def __init__(
        self, detail: str, *, field: str | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(detail, field=field)
        self.line = line
        self.column = column


class BodyTooLargeError(IngestionError):
    """The body is larger than allowed, as sent or decompressed."""

    code = "body.too_large"


class TooManyMessagesError(BodyTooLargeError):
    """The batch has more messages than allowed."""

    code = "body.too_many_messages"


class TooDeepError(IngestionError):
    """The JSON is nested deeper than allowed."""

    code = "body.too_deep"


class UnsupportedEncodingError(IngestionError):
    """The body is compressed in a way that is not taken here."""

    code = "body.encoding_unsupported"


class MessageError(IngestionError):
    """One message cannot be taken; `reason` is the stable code of why."""

    code = "message.refused"

    def __init__(self, reason: str, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail, field=field)
        self.reason = reason


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A message for the quarantine: its place in the body (from 0), the reason, and its bytes as sent.

    `reason`, `detail` and `field` hold no personal data, `raw` may.
    """

    index: int
    reason: str
    detail: str
    field: str | None
    raw: bytes


class Parsed(msgspec.Struct, frozen=True):
    """What came of a body: the good messages in their order, and the bad ones."""

    accepted: list[Activity]
    refused: list[Refused]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a source may send at once; the defaults are those of Segment's own server.

    Sizes are in bytes, decompressed, at most 4 MiB; `depth` counts nested objects and arrays within a message.
    """

    message_bytes: int = 32 * 1024
    body_bytes: int = 500 * 1024
    messages: int = 2_500
    depth: int = 32
    identifiers: int = 16

    def __post_init__(self) -> None:
        if not 0 < self.message_bytes <= self.body_bytes <= _CEILING:
            raise ValueError("a message must fit into a body, and a body into 4 MiB")


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What a source means when it does not say: the region of its phone numbers and the currency of its amounts."""

    region: str = "CN"
    currency: str = "CNY"


DEFAULT_LIMITS: Final = Limits()
LARGEST_LIMITS: Final = Limits(message_bytes=_CEILING, body_bytes=_CEILING)
DEFAULTS: Final = Defaults()

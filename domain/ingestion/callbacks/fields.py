"""The fields of a document, read strictly: what is not there, and what is of another kind, is told by name."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from domain.ingestion.refusal import MessageError

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM: Final = 100_000_000_000
_LONGEST: Final = 4_096


class Fields:
    """A document's fields; numbers and texts are alike, as XML and JSON write the same thing."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def text(self, name: str) -> str:
        """Return a field as text, "" where it is missing or no single value."""
        value = self.document.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return ""
        return str(value).strip()[:_LONGEST]

    def required(self, name: str) -> str:
        """Return a field as text; raises `MessageError` where it says nothing."""
        if value := self.text(name):
            return value
        raise MessageError("field.missing", "is required, as text", field=name)

    def instant(self, name: str, received_at: datetime) -> datetime:
        """Return seconds (or milliseconds) since 1970 as UTC, never later than it was received."""
        try:
            number = int(self.required(name))
            seconds = number / 1_000 if number >= _MILLISECONDS_FROM else number
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        except (ValueError, OverflowError):
            raise MessageError("time.invalid", "must be seconds since 1970", field=name) from None
        if moment < _EARLIEST:
            raise MessageError("time.implausible", "lies before the year 2000", field=name)
        return min(moment, received_at)

    def inside(self, name: str) -> "Fields":
        """Return the fields of a nested object, none where there is none."""
        value = self.document.get(name)
        return Fields(value if isinstance(value, dict) else {})

    def each(self, name: str) -> "list[Fields]":
        """Return the objects of a list; a single one may stand there without a list around it."""
        value = self.document.get(name)
        items = value if isinstance(value, list) else [value]
        return [Fields(one) for one in items if isinstance(one, dict)]

    def some(self, *names: str) -> dict[str, str]:
        """Return those of the fields that say something."""
        return {name: value for name in names if (value := self.text(name))}


def named_by(*parts: str) -> str:
    """Return an id made of parts that together happen once; what they say of a person cannot be read from it."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]

"""Times as sources write them: with or without an offset, with Chinese words, as seconds or milliseconds."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from domain.cleaning.reading import Reading
from domain.cleaning.texts import even

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_WRITTEN: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ]?(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:[.,](\d{1,9}))?)?[秒分]? ?(Z|[+-]\d{2}:?(?:\d{2})?)?)?\Z",
    re.ASCII | re.IGNORECASE,
)
_RUN: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?\Z", re.ASCII)
_SECONDS: Final = re.compile(r"\d{9,10}(\.\d{1,9})?\Z", re.ASCII)
_MILLISECONDS: Final = re.compile(r"\d{12,13}\Z", re.ASCII)
_MICROSECOND_DIGITS: Final = 6


def moment(value: object, zone: ZoneInfo) -> datetime | None:
    """Return the instant in UTC, a time without an offset being one of `zone`; None for what is no time.

    Of a time that the clock shows twice the first is meant.
    """
    text = even(f"{value!r}" if isinstance(value, float) else value)
    if not text:
        return None
    try:
        found = _epoch(text) or _written(text, zone)
    except (ValueError, OverflowError):
        return None
    return found if found is not None and EARLIEST <= found < LATEST else None


def instant(value: object, zone: ZoneInfo) -> Reading:
    """Return the time as ISO 8601 in UTC, to the second: 2026-11-25T12:00:00Z."""
    text = even(value)
    if text is not None and not text.strip("0-/. :"):
        return Reading.nothing("time.blank")
    found = moment(value, zone)
    if found is None:
        return Reading.refused("time.no_time")
    return Reading(rule="time.spelling", value=f"{found:%Y-%m-%dT%H:%M:%SZ}")


def _epoch(text: str) -> datetime | None:
    if _SECONDS.match(text):
        seconds, _, part = text.partition(".")
        return EARLIEST + timedelta(seconds=int(seconds), microseconds=_microseconds(part))
    return EARLIEST + timedelta(milliseconds=int(text)) if _MILLISECONDS.match(text) else None


def _written(text: str, zone: ZoneInfo) -> datetime | None:
    found = _WRITTEN.match(text) or _RUN.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    rest = found.groups()[6:]
    local = datetime(  # noqa: DTZ001 - its zone comes next
        year, month, day, hour, minute, second, _microseconds(rest[0] if rest else None)
    )
    offset = rest[1] if rest else None
    return local.replace(tzinfo=_offset(offset) if offset else zone).astimezone(UTC)


def _offset(text: str) -> timezone:
    if text.upper() == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if text[0] == "-" else away)


def _microseconds(digits: str | None) -> int:
    return int((digits or "0")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0"))

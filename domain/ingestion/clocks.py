"""Clocks: when it happened, from what the client's clock said and when it reached us."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from domain.ingestion.refusal import MessageError

# Below this the difference is the network's, not the clock's.
_TOLERATED: Final = timedelta(seconds=5)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Clocks(msgspec.Struct, frozen=True):
    """The times of a message, UTC: when it happened by our clock, and what the client's clock said."""

    occurred_at: datetime
    original_at: datetime | None
    sent_at: datetime | None


def instant(value: object, field: str) -> datetime | None:
    """Return an ISO 8601 text as UTC, one without zone being taken for UTC; None for null.

    Raises `MessageError`.
    """
    if value is None:
        return None
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise MessageError("time.invalid", "must be ISO 8601 text such as 2026-11-23T08:00:00.000Z", field=field)


def corrected(
    timestamp: datetime | None, original: datetime | None, sent: datetime | None, received: datetime
) -> Clocks:
    """Return when it happened: the claimed time shifted by the skew of the client's clock, received - sent.

    The claimed time is `timestamp`, which the caller may have set, else `original`. A skew under 5 seconds is left
    alone, and the result never lies after `received`. Source: Segment's common fields, which give the same formula as
    received - (sent - original). Raises `MessageError` for a result before the year 2000.
    """
    claimed = timestamp or original
    if claimed is None:
        return Clocks(received, None, sent)
    skew = received - sent if sent is not None else timedelta()
    try:
        occurred = claimed + skew if abs(skew) >= _TOLERATED else claimed
    except OverflowError:
        occurred = datetime.min.replace(tzinfo=UTC)
    if occurred < _EARLIEST:
        raise MessageError("time.implausible", "lies before the year 2000: check the sender's clock", field="timestamp")
    return Clocks(min(occurred, received), original or timestamp, sent)

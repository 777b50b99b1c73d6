"""Times as platforms write them."""

from datetime import datetime
from zoneinfo import ZoneInfo


def clock(moment: datetime, zone: str) -> str:
    """Return the time in the platform's zone, to the second: 2026-11-11 00:00:01."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def epoch(moment: datetime) -> int:
    """Return the seconds since 1970."""
    return int(moment.timestamp())

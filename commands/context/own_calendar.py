"""The calendar with what the user says: `calendar.toml` in Koi's home."""

import tomllib
from pathlib import Path

import msgspec

from domain.context.calendar import Calendar, CalendarError, Overrides


def calendar_of_home(home: Path) -> Calendar:
    """Return the calendar, with the days and festivals of `calendar.toml` where there is one.

    Raises `CalendarError` naming what is wrong in it.
    """
    file = home / "calendar.toml"
    if not file.is_file():
        return Calendar()
    try:
        overrides = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8-sig")), Overrides)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CalendarError(f"calendar.toml: {error}", field="calendar.toml") from None
    return Calendar(overrides)

"""Finding what a payload says at a path, and reading it exactly: ids as text, money in minor units, times in UTC."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.activity.folding import folded
from domain.ingestion.refusal import MessageError
from domain.ingestion.units import factor
from domain.kernel import money

Payload = dict[str, Any]

_DECIMAL: Final = re.compile(r"[+-]?\d{1,15}(?:\.\d{0,12})?\Z", re.ASCII)
_DIGITS: Final = re.compile(r"\d{1,16}\Z", re.ASCII)
_MILLISECONDS: Final = 100_000_000_000  # as seconds, the year 5138
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_folded = lru_cache(maxsize=8_192)(folded)


def find(payload: object, paths: Iterable[str]) -> tuple[Any, str]:
    """Return the first value that says something, and its path; (None, the first path) if none does.

    A path enters the first item of a list; camelCase and snake_case are the same.
    """
    first = ""
    for path in paths:
        first = first or path
        value: Any = payload
        for step in path.split("."):
            value = _entered(value, step)
        if value is not None and value != "":
            return value, path
    return None, first


def _entered(value: Any, step: str) -> Any:
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    if step in value:
        return value[step]
    wanted = _folded(step)
    return next((item for key, item in value.items() if _folded(key) == wanted), None)


def text(value: object, field: str) -> str:
    """Return an id or a word as text; raises `MessageError` for a number that may have lost digits on its way."""
    match value:
        case str():
            return value.strip()
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            raise MessageError("id.inexact", "must be text or a whole number, so that no digit is lost", field=field)


def integer(value: object, field: str) -> int:
    """Return a whole number, however it was written."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise MessageError("number.invalid", "must be a whole number", field=field)
    number = Decimal(str(value).strip()) if _DECIMAL.match(str(value).strip()) else None
    if number is None or number != number.to_integral_value():
        raise MessageError("number.invalid", "must be a whole number", field=field)
    return int(number)


def minor_units(value: object, unit: str, currency: str, field: str) -> int:
    """Return money in minor units (fen); `unit` tells what it was written in. Raises `MessageError`."""
    if isinstance(value, str):
        value = value.strip()
        if not _DECIMAL.match(value):
            raise MessageError("money.invalid", "an amount is a decimal such as 19.90", field=field)
    try:
        if factor(unit, currency) == 1:
            return integer(value, field)
        return money.minor_units(value, currency)
    except money.MoneyError as error:
        raise MessageError(error.code, error.detail, field=field) from None


def moment(value: object, zone: str, field: str) -> datetime | None:
    """Return a time as UTC: seconds or milliseconds of the epoch, or a text without offset in `zone`.

    What platforms send for "not yet" (0, 1970, year 1) is None. Raises `MessageError` for anything else.
    """
    if isinstance(value, str) and not _DIGITS.match(value.strip()):
        try:
            told = datetime.fromisoformat(value.strip())
            found = told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=_zone(zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            if value.startswith("0001-"):  # the zero of some, which has no UTC before it
                return None
            raise MessageError("time.invalid", "must be a time such as 2026-11-11 00:00:01", field=field) from None
        return found if found >= _EARLIEST else None
    number = integer(value, field)
    try:
        found = datetime.fromtimestamp(number / 1000 if abs(number) >= _MILLISECONDS else number, UTC)
    except (ValueError, OverflowError, OSError):
        raise MessageError("time.invalid", "must be seconds or milliseconds since 1970", field=field) from None
    return found if found >= _EARLIEST else None


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)

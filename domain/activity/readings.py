"""What a value in a body says as a text, a number, a truth value or money: the same words as batch reads in SQL."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain.activity.fields import Path, Type

_LARGEST: Final = 2**53
# What is longer is no number that anybody counts with.
NUMBER: Final = r"-?[0-9]{1,15}(\.[0-9]{1,9})?"
_number = re.compile(NUMBER).fullmatch
MINOR: Final = 100


def found(body: Mapping[str, Any], paths: Iterable[Path], type_: Type, *, is_minor: bool) -> str | int | float | None:
    """Return what the first path that says something of the type says; None if none does.

    Money comes in minor units: what is told in major ones is taken times 100.
    """
    for path in paths:
        value: Any = body
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None and (said := read(value, type_, is_minor=is_minor)) is not None:
            return said
    return None


def read(value: object, type_: Type, *, is_minor: bool) -> str | int | float | None:
    """Return a value as one of the type; None if it is none."""
    match type_:
        case "text":
            return _text(value)
        case "bool":
            return value if isinstance(value, bool) else None
        case "number":
            number = _number_of(value)
            return None if number is None else _plain(number)
        case "money":
            number = _number_of(value)
            return None if number is None else minor(number if is_minor else number * MINOR)


def minor(amount: float) -> int:
    """Round to whole minor units, halves upwards: in the one way that SQL rounds as well."""
    return math.floor(amount + 0.5)


def _plain(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
    return str(value) if is_whole else None


def _number_of(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return float(value) if _number(value) else None
    if isinstance(value, int | float) and abs(value) < _LARGEST:
        return float(value)
    return None

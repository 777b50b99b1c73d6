"""The Chinese national ID: checked and brought into its 18 characters (GB 11643-1999)."""

import re
from datetime import date
from typing import Final, Literal

from domain.identity.normalising import BlankIdentifierError, IdentifierError

_OLD: Final = re.compile(r"[1-9]\d{14}", re.ASCII)
_NEW: Final = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_SHORTEST_WITH_BIRTHDAY: Final = 14


def normalised(raw: object, field: str) -> str:
    """Return the number as 18 characters; one of the 15 digits of before 1999 gets its century and check character.

    Raises `IdentifierError` for one that cannot be, `BlankIdentifierError` for an empty one.
    """
    value = re.sub(r"[\s-]", "", str(raw)).upper() if isinstance(raw, str | int) else ""
    if raw is None or not value or not value.strip("0*X"):
        raise BlankIdentifierError("names nobody: leave it out, or send the real number", field=field)
    if _OLD.fullmatch(value):
        value = f"{value[:6]}19{value[6:]}"
        value += check_character(value)
    if not _NEW.fullmatch(value) or value[-1] != check_character(value) or birthday(value) is None:
        raise IdentifierError("must be an 18-character national ID whose check character is right", field=field)
    return value


def check_character(number: str) -> str:
    """Return the last character that belongs to the first 17 digits: ISO 7064 MOD 11-2."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False)) % 11]


def birthday(number: str) -> date | None:
    """Return the birthday of a normalised number, None where the digits are no date."""
    if len(number) < _SHORTEST_WITH_BIRTHDAY:
        return None
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex(number: str) -> Literal["male", "female"]:
    """Return the sex a normalised number tells: its last digit but one is odd for men."""
    return "male" if int(number[-2]) % 2 else "female"


def registered_in(number: str) -> str:
    """Return the division code of where the number was first registered, as it was then."""
    return number[:6]

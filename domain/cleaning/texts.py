"""Texts in one width and one spacing."""

import re
import unicodedata
from typing import Final

_SPACES: Final = re.compile(r"\s+")
_HAN: Final = "\u3400-\u9fff\U00020000-\U0003ffff"
_BETWEEN_HAN: Final = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_INVISIBLE: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x1f\x7f]")


def even(value: object) -> str | None:
    """Return a text or a whole number as text in NFKC (full-width becomes half-width), trimmed; None for anything else.

    Invisible characters go, runs of space become one.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        text = str(value)
    except ValueError:  # a whole number of thousands of digits
        return None
    # Twice: a compatibility form may hold a space or a character that is only now seen.
    for _ in range(2):
        text = _SPACES.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))).strip()
    return text


def without_gaps(text: str) -> str:
    """Return the text without the spaces between Chinese characters: 王 芳 is 王芳."""
    return _BETWEEN_HAN.sub("", text)

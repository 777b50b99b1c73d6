"""Answers of platforms on their way in: entered step by step, each record kept in the bytes it came in."""

from functools import lru_cache
from typing import Any, Final

import msgspec

from domain.activity.folding import folded

_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list: Final = msgspec.json.Decoder(list[msgspec.Raw])
_anything: Final = msgspec.json.Decoder(Any)
_folded = lru_cache(maxsize=1_024)(folded)


def is_object(raw: bytes) -> bool:
    """Whether it is JSON, and an object."""
    try:
        _object.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def within(raw: bytes, *steps: str) -> bytes | None:
    """Return what lies at the end of the steps, None where one leads nowhere; the spelling of names does not matter."""
    for step in steps:
        try:
            members = _object.decode(raw)
        except msgspec.DecodeError:
            return None
        found = members.get(step)
        if found is None:
            wanted = _folded(step)
            found = next((value for name, value in members.items() if _folded(name) == wanted), None)
        if found is None or bytes(found) == b"null":
            return None
        raw = bytes(found)
    return raw


def listed(raw: bytes | None) -> tuple[bytes, ...]:
    """Return the items of a list, each in its bytes; nothing is an empty list, and one object a list of it."""
    if raw is None:
        return ()
    try:
        return tuple(bytes(item) for item in _list.decode(raw))
    except msgspec.DecodeError:
        return (raw,)


def value(raw: bytes, *steps: str) -> Any:
    """Return what is said at the end of the steps, None if nothing is."""
    found = within(raw, *steps)
    return None if found is None else _anything.decode(found)


def said(raw: bytes, *steps: str) -> str:
    """Return it as text, "" if nothing is said."""
    found = value(raw, *steps)
    return "" if found is None or isinstance(found, dict | list) else str(found)


def number(raw: bytes, *steps: str) -> int:
    """Return it as a whole number, 0 if none is said; platforms send numbers as text, too."""
    text = said(raw, *steps)
    return int(text) if text.isascii() and text.isdigit() else 0

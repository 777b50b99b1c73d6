"""Does a text speak of a person? Asked of what could not be understood, before what names her is destroyed.

In doubt it does: what is thrown away by mistake is a row nobody could read, what is kept by mistake is a person.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec

# A shorter value is also a number of pieces or a page: it counts only where an identifier stands.
_SHORTEST: Final = 6
_NAMES_SOMEBODY: Final = re.compile(
    r"id$|code|card|member|user|phone|mobile|mail|buyer|customer|会员|卡|号|手机|电话|邮箱|客户|顾客", re.IGNORECASE
)
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[ \-]+(?=\d)")
_CHINA: Final = "+86"
_GZIP: Final = b"\x1f\x8b"
_PACKED: Final = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_MOST_LAYERS: Final = 32
_MOST_BYTES: Final = 8 * 1024 * 1024


class Mentions:
    """The values that name one person, in the spellings they are sent in."""

    def __init__(self, names: Iterable[str]) -> None:
        """Take identifiers in their one spelling."""
        spelled = {spelling.casefold() for name in names for spelling in _spellings(name.strip()) if spelling}
        self._short = {one for one in spelled if len(one) < _SHORTEST}
        long = sorted(map(re.escape, spelled - self._short), key=len, reverse=True)
        # Not inside a longer word or number: 13800138000 is not in 138001380001.
        self._long = re.compile(rf"(?<![0-9a-z])(?:{'|'.join(long)})(?![0-9a-z])") if long else None

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._short or self._long)

    def found_in(self, raw: bytes) -> bool:
        """Whether the bytes, as a source sent them, speak of the person: also packed, or in an encoding of China."""
        return any(self._found_in(text) for text in _texts(raw))

    def _found_in(self, text: str) -> bool:
        pairs = list(_leaves(text))
        if self._short and any(value in self._short and _NAMES_SOMEBODY.search(key) for key, value in pairs):
            return True
        if self._long is None:
            return False
        # The text as it is, and what stands in it once escapes and separators are undone.
        whole = "\n".join([text.casefold(), *(value for _, value in pairs)])
        return bool(self._long.search(whole) or self._long.search(_BETWEEN_DIGITS.sub("", whole)))


def _texts(raw: bytes) -> Iterator[str]:
    """Yield what the bytes say: as they are, unpacked, and what is packed inside a form or a document."""
    waiting = [raw]
    for _ in range(_MOST_LAYERS):
        if not waiting:
            return
        one = _unpacked(waiting.pop(0))
        text = _decoded(one)
        yield text
        if "%" in text:
            yield unquote_plus(text)
        waiting += [_unbased(part) for part in _PACKED.findall(unquote_plus(text))]


def _unpacked(raw: bytes) -> bytes:
    if not raw.startswith(_GZIP):
        return raw
    try:
        return zlib.decompressobj(wbits=31).decompress(raw, _MOST_BYTES)
    except zlib.error:
        return raw


def _unbased(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors="replace")


def _spellings(name: str) -> Iterator[str]:
    yield name
    if name.startswith(_CHINA):
        yield name.removeprefix(_CHINA)
        yield name.removeprefix("+")
    elif name.startswith("+"):
        yield name.removeprefix("+")
    app, separator, own = name.partition(":")
    if separator and app:  # an OpenID is sent without its app
        yield own


def _leaves(text: str) -> Iterator[tuple[str, str]]:
    """Yield the values of a JSON document with the key each stands under."""
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        key, value = waiting.pop()
        match value:
            case dict():
                waiting += [(str(name), one) for name, one in value.items()]
            case list():
                waiting += [(key, one) for one in value]
            case str() | int() | float():
                yield key, str(value).strip().casefold()

"""The JSON text before it is read: where it breaks, how deep it is, and characters that cannot be kept."""

import re
from typing import Final, TypeVar

import msgspec

from domain.ingestion.refusal import Limits, MalformedBodyError, MessageError, TooDeepError

T = TypeVar("T")

_NUL: Final = rb"\u0000"
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
# A pair of surrogates is one character; alone, as left by cutting an emoji in half, it is none. Other escapes are
# matched to be passed over, so that the text \\u0000 (a backslash and five letters) is not taken for an escape.
_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<nul>\\u0000)|(?P<alone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|(?P<opens>[\[{])|(?P<closes>[\]}])', re.DOTALL)
_PLACE: Final = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`\Z")
_POSITION: Final = re.compile(r" \(byte (\d+)\)\Z")


def read(decoder: msgspec.json.Decoder[T], raw: bytes) -> T:
    """Return the text decoded; what cannot be stored (NUL, half an emoji) is mended first.

    Raises `MalformedBodyError` where the text is no JSON, `TooDeepError` where it is nested a thousand levels deep, and
    `msgspec.ValidationError` where it is JSON of another form.
    """
    try:
        return decoder.decode(mended(raw) if _NUL in raw else raw)
    except msgspec.ValidationError:
        raise
    except RecursionError:
        raise TooDeepError("the JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise MalformedBodyError("the body is not UTF-8 text") from None
    except msgspec.DecodeError as error:
        if _SURROGATE.search(raw) and (whole := mended(raw)) != raw:
            return read(decoder, whole)
        raise _located(error, raw) from None


def read_body(decoder: msgspec.json.Decoder[T], raw: bytes) -> T:
    """Return the whole body decoded; raises `MalformedBodyError` also where it is JSON of another form."""
    try:
        return read(decoder, raw)
    except msgspec.ValidationError as error:
        detail, field = _explained(error)
        raise MalformedBodyError(detail, field=field) from None


def read_message(decoder: msgspec.json.Decoder[T], raw: bytes, limits: Limits) -> T:
    """Return one message decoded; raises `MessageError` if it is too large, too deep or has another form."""
    if len(raw) > limits.message_bytes:
        raise MessageError("message.too_large", f"a message has at most {limits.message_bytes} bytes")
    if is_deeper(raw, limits.depth):
        raise MessageError("message.too_deep", f"a message is nested at most {limits.depth} levels deep")
    try:
        return read(decoder, raw)
    except msgspec.ValidationError as error:
        detail, field = _explained(error)
        raise MessageError("message.invalid", detail, field=field) from None


def _explained(error: msgspec.ValidationError) -> tuple[str, str | None]:
    """Return what msgspec expected, and the dotted path of the field."""
    words = str(error)
    found = _PLACE.search(words)
    if found is None:
        return words, None
    return words[: found.start()], found[1] or None


def mended(raw: bytes) -> bytes:
    """Return the text without escaped NUL characters, and with U+FFFD for halves of surrogate pairs."""
    return _ESCAPE.sub(_mended_escape, raw)


def _mended_escape(escape: re.Match[bytes]) -> bytes:
    if escape["nul"]:
        return b""
    return rb"\ufffd" if escape["alone"] else escape[0]


def is_deeper(raw: bytes, depth: int) -> bool:
    """Tell whether objects and arrays are nested more than `depth` levels; quick for what has few of them."""
    if raw.count(b"{") + raw.count(b"[") <= depth:
        return False
    level = 0
    for token in _TOKEN.finditer(raw):
        if token["opens"]:
            level += 1
            if level > depth:
                return True
        elif token["closes"]:
            level -= 1
    return False


def _located(error: msgspec.DecodeError, raw: bytes) -> MalformedBodyError:
    """Return msgspec's error with line and column instead of a byte offset."""
    words = str(error)
    found = _POSITION.search(words)
    if found is None:
        return MalformedBodyError("the JSON breaks off before its end")
    before = raw[: int(found[1])]
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    reason = words[: found.start()].removeprefix("JSON is malformed: ")
    return MalformedBodyError(
        f"the JSON is malformed at line {line}, column {column}: {reason}", line=line, column=column
    )

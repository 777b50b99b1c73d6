"""The body as bytes: decompressed under a cap. What clients say of its type is not believed, its first bytes are."""

import zlib
from typing import Final

from domain.ingestion.refusal import BodyTooLargeError, MalformedBodyError, UnsupportedEncodingError

_GZIP: Final = b"\x1f\x8b"
_JSON_BEGINS: Final = b"{["
_BLANK: Final = b" \t\r\n\xef\xbb\xbf"  # a byte order mark is no part of the text

_GZIP_WINDOW: Final = zlib.MAX_WBITS | 16
_ZLIB_WINDOW: Final = zlib.MAX_WBITS
_BARE_WINDOW: Final = -zlib.MAX_WBITS


def decoded(raw: bytes, content_encoding: str | None, *, max_bytes: int) -> bytes:
    """Return the body as text, decompressed if it is gzip or deflate, whether or not a header says so.

    Raises `BodyTooLargeError` above `max_bytes` (never holding more than that in memory), `MalformedBodyError` for a
    broken or empty body, `UnsupportedEncodingError` for another compression.
    """
    if len(raw) > max_bytes:
        raise _too_large(max_bytes)
    window = _window(raw, (content_encoding or "").strip().lower())
    body = (raw if window is None else _inflated(raw, window, max_bytes)).strip(_BLANK)
    if not body:
        raise MalformedBodyError("the body is empty: send a JSON object")
    return body


def _window(raw: bytes, encoding: str) -> int | None:
    """Return zlib's window bits for the compression found, None for plain text."""
    if raw.startswith(_GZIP):
        return _GZIP_WINDOW
    if raw.lstrip(_BLANK)[:1] in (b"{", b"[") or not raw.strip(_BLANK):
        return None  # some proxies decompress and leave the header
    if _is_zlib(raw):
        return _ZLIB_WINDOW
    match encoding:
        case "deflate":
            return _BARE_WINDOW
        case "gzip" | "x-gzip":
            raise MalformedBodyError("Content-Encoding says gzip, but the body is neither gzip nor JSON")
        case "" | "identity":
            return None
        case _:
            raise UnsupportedEncodingError(
                "send JSON plain, or compressed with gzip or deflate", field="Content-Encoding"
            )


def _is_zlib(raw: bytes) -> bool:
    # RFC 1950: compression method 8, and the first two bytes are a multiple of 31. No JSON text begins so.
    return len(raw) > 1 and raw[0] & 0x0F == zlib.DEFLATED and int.from_bytes(raw[:2], "big") % 31 == 0


def _inflated(raw: bytes, window: int, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    room = max_bytes + 1  # one byte more than allowed tells that there is more
    try:
        while raw:
            member = zlib.decompressobj(window)
            parts.append(member.decompress(raw, room))
            room -= len(parts[-1])
            if room <= 0:
                raise _too_large(max_bytes)
            if not member.eof:
                raise MalformedBodyError("the compressed body breaks off before its end")
            # gzip may consist of several members, one after the other (RFC 1952, section 2.2).
            raw = member.unused_data if window == _GZIP_WINDOW and member.unused_data.startswith(_GZIP) else b""
    except zlib.error:
        raise MalformedBodyError("the compressed body is damaged") from None
    return b"".join(parts)


def _too_large(max_bytes: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the body has more than {max_bytes} bytes decompressed: send smaller batches")

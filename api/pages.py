"""Pages: a signed, opaque cursor that only continues the very list it was made for."""

import base64
import binascii
import hashlib
import hmac
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from domain.kernel.errors import InvalidInputError

T = TypeVar("T")

MOST: Final = 200
_TAG_BYTES: Final = 16

Limit = Annotated[
    int, QueryParameter(name="limit", ge=1, le=MOST, description=f"How many to answer at most, up to {MOST}.")
]
Cursor = Annotated[
    str | None, QueryParameter(name="cursor", description="Where to go on: the `next` of the page before.")
]


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some of a list; `next` is the cursor of the page after it, null on the last one."""

    items: list[T]
    next: str | None = None


class CursorError(InvalidInputError):
    """The cursor was not made here, or for another list."""

    code = "cursor.invalid"


class Cursors:
    """Makes cursors and opens them again; a cursor is bound to the list and its filters."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def made(self, of: tuple[Any, ...], *place: Any) -> str:
        """Return the cursor that continues the list `of` (its name and filters) after a place in its order."""
        payload = msgspec.json.encode(place)
        return base64.urlsafe_b64encode(self._tag(of, payload) + payload).decode().rstrip("=")

    def opened(self, of: tuple[Any, ...], cursor: str | None, as_type: type[T]) -> T | None:
        """Return the place, as a tuple of the types given, None without a cursor; raises `CursorError`."""
        if cursor is None:
            return None
        try:
            signed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            tag, payload = signed[:_TAG_BYTES], signed[_TAG_BYTES:]
            if hmac.compare_digest(tag, self._tag(of, payload)):
                return msgspec.json.decode(payload, type=as_type)
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            pass
        raise CursorError("take the cursor from the `next` of the page before, with the same filters", field="cursor")

    def _tag(self, of: tuple[Any, ...], payload: bytes) -> bytes:
        named = msgspec.json.encode([str(part) for part in of])
        return hmac.digest(self._key, named + b"\0" + payload, hashlib.sha256)[:_TAG_BYTES]

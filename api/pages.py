"""Pages of lists, and the signed, opaque cursors that continue the very list they were made for."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation
from litestar.status_codes import HTTP_200_OK

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

    def made(self, of: tuple[Any, ...], place: object) -> str:
        """Return the cursor that continues the list `of` (its name and filters) after a place in its order."""
        payload = msgspec.json.encode(place)
        return base64.urlsafe_b64encode(self._tag(of, payload) + payload).decode().rstrip("=")

    def opened(self, of: tuple[Any, ...], cursor: str | None, kind: type[T]) -> T | None:
        """Return the place, as the type given, None without a cursor; raises `CursorError`."""
        if cursor is None:
            return None
        try:
            signed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            tag, payload = signed[:_TAG_BYTES], signed[_TAG_BYTES:]
            if hmac.compare_digest(tag, self._tag(of, payload)):
                return msgspec.json.decode(payload, type=kind)
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            pass
        raise CursorError("take the cursor from the `next` of the page before, with the same filters", field="cursor")

    def _tag(self, of: tuple[Any, ...], payload: bytes) -> bytes:
        named = msgspec.json.encode([str(part) for part in of])
        return hmac.digest(self._key, named + b"\0" + payload, hashlib.sha256)[:_TAG_BYTES]


class Paging:
    """The part of a list that a request asks for."""

    def __init__(self, cursors: Cursors, request: Request[Any, Any, Any], limit: int, cursor: str | None) -> None:
        self._cursors = cursors
        self._request = request
        self._cursor = cursor
        self.limit = limit

    @property
    def one_more(self) -> int:
        """How many to look up: one more than asked for tells whether there is a next page."""
        return self.limit + 1

    def after(self, of: tuple[Any, ...], kind: type[T]) -> T | None:
        """Return the place (of this type) after which to go on, None at the beginning; raises `CursorError`.

        `of` is the name of the list with its filters.
        """
        return self._cursors.opened(of, self._cursor, kind)

    def page(
        self, of: tuple[Any, ...], found: Sequence[T], place: Callable[[T], Any], position: int | None = None
    ) -> Response[Page[T]]:
        """Answer what was found (`one_more`); `place` says where in the order an item is."""
        items = list(found[: self.limit])
        return self.answer(of, items, place(items[-1]) if len(found) > self.limit else None, position)

    def answer(
        self, of: tuple[Any, ...], items: list[T], after: object, position: int | None = None
    ) -> Response[Page[T]]:
        """Answer these items; the next page begins after the place `after`, None where there is none."""
        headers = {"Cache-Control": "no-store"}
        following = None if after is None else self._cursors.made(of, after)
        if position is not None:
            headers["Koi-Position"] = str(position)
        if following is not None:
            asked = self._request.query_params.multi_items()
            query = [(key, value) for key, value in asked if key not in {"cursor", "wait_for"}]
            path = self._request.scope["path"]
            headers["Link"] = f'<{path}?{urlencode([*query, ("cursor", following)])}>; rel="next"'
        return Response(Page(items=items, next=following), status_code=HTTP_200_OK, headers=headers)


async def paging(
    request: Request[Any, Any, Any],
    cursors: NamedDependency[SkipValidation[Cursors]],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Paging:
    """Return which part of a list the request asks for."""
    return Paging(cursors, request, limit, cursor)

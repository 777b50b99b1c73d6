"""Answers: what commands are told, and the headers every answer of a kind carries."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from api.idempotency import Outcome
from api.pages import Page
from api.preconditions import etag

T = TypeVar("T")


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A change was made: the new version of what was changed, and the position a view must reach to show it."""

    id: UUID
    version: int
    position: int


def done(
    outcome: Outcome, kind: type[T], *, status: int = HTTP_202_ACCEPTED, location: str | None = None
) -> Response[T]:
    """Answer a command; a repeated one is told so, and is otherwise answered as the first was.

    `location` is the path of what was made, with the names of the result as places (`/customers/{id}`).
    """
    headers = {"Koi-Position": str(outcome.position), "Cache-Control": "no-store"}
    if "version" in outcome.result:
        headers["ETag"] = etag(outcome.result["version"])
    if location is not None:
        headers["Location"] = location.format(**outcome.result)
    if outcome.is_replay:
        headers["Idempotency-Replayed"] = "true"
    content = msgspec.convert(outcome.result | {"position": outcome.position}, kind)
    return Response(content, status_code=status, headers=headers)


def read(content: T, position: int, *, version: int | None = None) -> Response[T]:
    """Answer a read, saying how far the view had come."""
    headers = {"Koi-Position": str(position), "Cache-Control": "no-store"}
    if version:
        headers["ETag"] = etag(version)
    return Response(content, status_code=HTTP_200_OK, headers=headers)


def paged(
    request: Request[Any, Any, Any],
    found: Sequence[T],
    limit: int,
    cursor_after: Callable[[T], str],
    position: int | None = None,
) -> Response[Page[T]]:
    """Answer one page of a list of which one more than `limit` was asked for: that one tells whether there are more."""
    items = list(found[:limit])
    following = cursor_after(items[-1]) if len(found) > limit else None
    headers = {"Cache-Control": "no-store"}
    if position is not None:
        headers["Koi-Position"] = str(position)
    if following is not None:
        query = [(key, value) for key, value in request.query_params.multi_items() if key not in {"cursor", "wait_for"}]
        headers["Link"] = f'<{request.scope["path"]}?{urlencode([*query, ("cursor", following)])}>; rel="next"'
    return Response(Page(items=items, next=following), status_code=HTTP_200_OK, headers=headers)

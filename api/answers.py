"""The answer of a read, and the headers it carries."""

from typing import TypeVar

from litestar import Response
from litestar.status_codes import HTTP_200_OK

from api.preconditions import etag

T = TypeVar("T")


def read(content: T, position: int, *, version: int | None = None) -> Response[T]:
    """Answer a read, saying how far the view had come."""
    headers = {"Koi-Position": str(position), "Cache-Control": "no-store"}
    if version:
        headers["ETag"] = etag(version)
    return Response(content, status_code=HTTP_200_OK, headers=headers)

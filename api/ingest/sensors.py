"""Sensors Analytics (神策): the paths its SDKs know, and the one answer they understand.

An error is no answer here: the SDK of mini-programs takes it for "delivered", the asynchronous one for Python stops for
good. So everything is kept somewhere and answered 200: as history, in the quarantine, or (while the log cannot be
written) in the spool. Only where no disk takes it the answer is 503. The debug path is the exception: there the status
is the verdict.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, get, post, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod, MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT, HTTP_400_BAD_REQUEST

from api.auth import page_of
from api.ingest.collector import LIMITS, Sent, Took
from api.ingest.cors import cors
from api.ingest.keeping import Keeping
from api.openapi import COLLECT
from commands.runtime.clock import now

PATHS: Final = ("/sa", "/sa.gif")
DEBUG: Final = ("/debug", "/sa/debug")
_GIF: Final = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the debug path says of a request: `faults` are empty where all is well."""

    accepted: bool
    faults: list[str]


async def image(request: Request[Any, Any, Any], keeping: NamedDependency[SkipValidation[Keeping]]) -> Response[bytes]:
    """Take the record in the query, and answer an image of one pixel."""
    took = await keeping.keep(Sent(request.scope["query_string"], b"", now(), page_of(request.headers)))
    return _answered(took, _GIF, "image/gif")


async def take(request: Request[Any, Any, Any], keeping: NamedDependency[SkipValidation[Keeping]]) -> Response[bytes]:
    """Take the records: 200 once they are kept, whatever they are.

    The source is that of the declared project (`?project=..`) or of the write key (`?token=..`); a record's own
    `project` and `token` go before those of the address. What nobody vouches for lies in the quarantine as `unknown`.
    """
    took = await keeping.keep(
        Sent(request.scope["query_string"], await request.body(), now(), page_of(request.headers))
    )
    return _answered(took, b"", MediaType.TEXT)


async def debug(
    request: Request[Any, Any, Any], keeping: NamedDependency[SkipValidation[Keeping]]
) -> Response[Verdict]:
    """Say whether the records are right: 200 or 400. They are taken as well, unless `Dry-Run: true` comes with them."""
    sent = Sent(request.scope["query_string"], await request.body(), now(), page_of(request.headers))
    is_dry = request.headers.get("dry-run", "").strip().lower() == "true"
    took = await (keeping.collector.check(sent) if is_dry else keeping.collector.take(sent))
    faults = [f"{one.index}: {one.field + ': ' if one.field else ''}{one.detail}" for one in took.refused]
    return Response(
        Verdict(accepted=not faults, faults=faults),
        status_code=HTTP_400_BAD_REQUEST if faults else HTTP_200_OK,
        headers={"Koi-Position": str(took.position)},
    )


async def preflight() -> None:
    """Answer the browser's question beforehand; the headers say the rest."""


def _answered(took: Took, content: bytes, media_type: str) -> Response[bytes]:
    headers = {"Koi-Position": str(took.position), "Cache-Control": "no-store"}
    return Response(content, status_code=HTTP_200_OK, media_type=media_type, headers=headers)


def _handlers() -> Iterator[HTTPRouteHandler]:
    common: dict[str, Any] = {"status_code": HTTP_200_OK, "request_max_body_size": LIMITS.body_bytes}
    shown: dict[str, Any] = {"responses": COLLECT, "summary": "Take records of Sensors Analytics"}
    yield post("/sa", operation_id="IngestSensors", **shown, **common)(take)
    yield post("/sa.gif", include_in_schema=False, **common)(take)
    yield get([*PATHS], include_in_schema=False, status_code=HTTP_200_OK)(image)
    yield post(
        "/debug", operation_id="DebugSensors", responses=COLLECT, summary="Check records of Sensors Analytics", **common
    )(debug)
    yield post("/sa/debug", include_in_schema=False, **common)(debug)
    yield get([*DEBUG], include_in_schema=False, status_code=HTTP_200_OK)(debug)
    options: dict[str, Any] = {"http_method": HttpMethod.OPTIONS, "status_code": HTTP_204_NO_CONTENT}
    yield route([*PATHS, *DEBUG], include_in_schema=False, **options)(preflight)


router = Router(path="/", route_handlers=[*_handlers()], middleware=[cors], tags=["ingest"])

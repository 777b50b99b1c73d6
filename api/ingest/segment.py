"""The Segment family: the paths its SDKs build by themselves, and the answers they understand.

RudderStack's Python SDK takes anything but 200 for a failure: so that is the answer, once the events are durable.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import SkipValidation
from litestar.status_codes import HTTP_200_OK

from api.auth import Doorkeeper
from api.ingest import segment_loading
from api.ingest.cors import cors
from api.ingest.door import Door
from api.ingest.keyed import keyed
from api.openapi import INGEST
from commands.runtime.clock import now
from domain.activity.vocabulary import Vocabulary
from domain.ingestion import json_text, segment
from domain.ingestion.refusal import Limits

# RudderStack's SDKs send up to 4 MB at once; a single message is held to what Segment itself takes.
LIMITS: Final = Limits(body_bytes=4 * 1024 * 1024)
_CALLS: Final = ("identify", "track", "page", "screen", "group", "alias")
_BEACON: Final = "/beacon/v1/batch"
_SUCCESS: Final = b'{"success":true}'


class _Keyed(msgspec.Struct):
    write_key: str | None = msgspec.field(default=None, name="writeKey")


class Success(msgspec.Struct, frozen=True):
    """The events are durable."""

    success: bool


_KEYED: Final = msgspec.json.Decoder(_Keyed)


@dataclass
class _Sent(Operation):
    """Documents the body, which is read as bytes whatever its Content-Type says."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            description="JSON as the SDKs send it; gzip and deflate are recognised by their first bytes.",
            content={"application/json": OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT))},
            required=True,
        )


async def take(
    request: Request[Any, Any, Any],
    door: NamedDependency[SkipValidation[Door]],
    doorkeeper: NamedDependency[SkipValidation[Doorkeeper]],
    vocabulary: NamedDependency[SkipValidation[Vocabulary]],
) -> Response[Success]:
    """Take the events: 200 once they are durable.

    Events that cannot be read go to the quarantine and do not hold up their neighbours; the same `messageId` again is
    taken once. The key comes as Basic user name, Bearer, `X-API-Key`, or `writeKey` in the body or the query.
    """
    received_at = now()
    caller, body = await keyed(
        request, doorkeeper, in_query="writeKey", within=_key_within, max_bytes=LIMITS.body_bytes
    )
    kind = request.scope["path"].rstrip("/").rpartition("/")[2]
    parsed = segment.parse(
        body,
        kind=kind,
        source=caller.event_source,
        received_at=received_at,
        vocabulary=vocabulary,
        headers=_told(request.headers),
        limits=LIMITS,
    )
    admitted = await door.admit(parsed, caller.event_source, came_by="segment", about={"kind": kind})
    return Response(
        _SUCCESS,  # type: ignore[arg-type]  # the bytes of it, written once for all requests
        media_type=MediaType.JSON,
        headers={"Koi-Position": str(admitted.position)},
    )


def _told(headers: Mapping[str, str]) -> segment.Headers:
    """Return what RudderStack's browser SDK says beside the body; nonsense counts as not said."""
    try:
        anonymous_id = base64.b64decode(headers.get("anonymousid", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        anonymous_id = None
    return segment.Headers(anonymous_id=anonymous_id or None, sent_at=headers.get("sentat"))


def _key_within(body: bytes) -> str | None:
    try:
        return json_text.read(_KEYED, body).write_key
    except msgspec.ValidationError:
        return None


def _handlers() -> Iterator[HTTPRouteHandler]:
    names = {"batch": "Take a batch of events"} | {call: f"Take one {call} event" for call in _CALLS}
    for name, summary in names.items():
        common: dict[str, Any] = {
            "status_code": HTTP_200_OK,
            "request_max_body_size": LIMITS.body_bytes,
            "operation_class": _Sent,
            "responses": INGEST,
            "summary": summary,
        }
        yield post(f"/v1/{name}", operation_id=f"Ingest{name.title()}", **common)(take)
        yield post(f"/v1/{name[0]}", include_in_schema=False, **common)(take)
    yield post(_BEACON, include_in_schema=False, **common)(take)


router = Router(path="/", route_handlers=[*_handlers(), *segment_loading.HANDLERS], middleware=[cors], tags=["ingest"])

"""What the browser SDKs of the Segment family ask before they send anything; without an answer they send nothing."""

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, SkipValidation
from litestar.status_codes import HTTP_200_OK

from api.auth import Caller, Doorkeeper, page_of, presented

_SETTINGS: Final = "/v1/projects/{write_key:str}/settings"
_SOURCE: Final = "/sourceConfig"
_METRICS: Final = "/v1/m"

# A key that was revoked stops a page that is open already; asking again every five minutes is little.
_CACHED: Final = {"Cache-Control": "private, max-age=300"}
# What the SDKs would report about themselves, switched off: Koi measures its side itself.
_NO_METRICS: Final = {"sampleRate": 0}
_NO_STATISTICS: Final = {"errors": {"enabled": False}, "metrics": {"enabled": False}}
_MOST_METRICS: Final = 64 * 1024


@get(_SETTINGS, include_in_schema=False)
async def settings(
    request: Request[Any, Any, Any],
    write_key: FromPath[str],
    doorkeeper: NamedDependency[SkipValidation[Doorkeeper]],
) -> Response[dict[str, Any]]:
    """Tell analytics-next to send to where it asked: a page has to name no more than that address (`cdnURL`)."""
    await _source_of(request, doorkeeper, write_key)
    here = {"apiKey": write_key, "apiHost": f"{request.base_url.netloc}/v1", "protocol": request.base_url.scheme}
    content = {
        "integrations": {"Segment.io": here},
        "plan": {"track": {"__default": {"enabled": True}}, "identify": {"__default": {"enabled": True}}},
        "metrics": _NO_METRICS,
    }
    return Response(content, headers=_CACHED)


@get(_SOURCE, include_in_schema=False)
async def source_config(
    request: Request[Any, Any, Any], doorkeeper: NamedDependency[SkipValidation[Doorkeeper]]
) -> Response[dict[str, Any]]:
    """Tell RudderStack's SDK that its source is live and has no destinations but Koi."""
    write_key = presented(request.headers) or request.query_params.get("writeKey") or ""
    caller = await _source_of(request, doorkeeper, write_key)
    content = {
        "source": {
            "id": caller.key_id,
            "name": caller.event_source,
            "writeKey": write_key,
            "enabled": True,
            "workspaceId": "koi",
            "config": {"statsCollection": _NO_STATISTICS},
            "destinations": [],
        },
        "updatedAt": "2026-01-01T00:00:00.000Z",
    }
    return Response(content, headers=_CACHED)


@post(_METRICS, include_in_schema=False, status_code=HTTP_200_OK, request_max_body_size=_MOST_METRICS)
async def metrics() -> Response[bytes]:
    """Thank analytics-next for figures about itself, which the settings told it not to send; they are no events."""
    return Response(b'{"success":true}', media_type=MediaType.JSON)


async def _source_of(request: Request[Any, Any, Any], doorkeeper: Doorkeeper, write_key: str) -> Caller:
    """Return whose key it is; raises what `caller` and `require_ingest` raise."""
    caller = await doorkeeper.caller(write_key)
    caller.require_ingest(page_of(request.headers))
    return caller


HANDLERS: Final[tuple[HTTPRouteHandler, ...]] = (settings, source_config, metrics)

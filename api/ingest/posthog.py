"""PostHog's SDKs: the paths they build by themselves, and the answers they understand."""

from collections.abc import Iterator
from typing import Any, Final

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, SkipValidation
from litestar.status_codes import HTTP_200_OK

from api.auth import Doorkeeper
from api.ingest.cors import cors
from api.ingest.door import Door
from api.ingest.keyed import keyed
from api.ingest.segment import LIMITS
from commands.runtime.clock import now
from domain.activity.vocabulary import Vocabulary
from domain.ingestion import posthog

_EVENTS: Final = ("/batch", "/capture", "/e", "/i/v0/e")
_FLAGS: Final = ("/flags", "/decide")
_CONFIG: Final = "/array/{key:str}/config"
_TAKEN: Final = b'{"status":1}'

# Nothing that a shop has not asked for is recorded of its visitors: no clicks, no screens, no texts of its pages.
_NO_FLAGS: Final[dict[str, Any]] = {
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
}
_QUIET: Final[dict[str, Any]] = {
    "supportedCompression": ["gzip", "gzip-js"],
    "analytics": {"endpoint": "/i/v0/e/"},
    "hasFeatureFlags": False,
    "autocapture_opt_out": True,
    "autocaptureExceptions": False,
    "capturePerformance": False,
    "captureDeadClicks": False,
    "heatmaps": False,
    "sessionRecording": False,
    "surveys": False,
    "siteApps": [],
}


async def take(
    request: Request[Any, Any, Any],
    door: NamedDependency[SkipValidation[Door]],
    doorkeeper: NamedDependency[SkipValidation[Doorkeeper]],
    vocabulary: NamedDependency[SkipValidation[Vocabulary]],
) -> Response[bytes]:
    """Take the events: 200 once they are durable; the same `uuid` again is taken once.

    Events that cannot be read go to the quarantine and do not hold up their neighbours.
    """
    received_at = now()
    caller, body = await keyed(
        request,
        doorkeeper,
        in_query="token",
        opened=posthog.unformed,
        within=posthog.key_within,
        max_bytes=LIMITS.body_bytes,
    )
    parsed = posthog.parse(
        body,
        source=caller.event_source,
        received_at=received_at,
        vocabulary=vocabulary,
        clock=request.query_params.get("_"),
        limits=LIMITS,
    )
    admitted = await door.admit(parsed, caller.event_source, came_by="posthog")
    return Response(_TAKEN, media_type=MediaType.JSON, headers={"Koi-Position": str(admitted.position)})


async def flags() -> Response[dict[str, Any]]:
    """Say that there are no feature flags, whoever asks; the SDKs wait for it before they go on."""
    return Response(_NO_FLAGS | _QUIET)


@get(_CONFIG, include_in_schema=False)
async def config(key: FromPath[str]) -> Response[dict[str, Any]]:
    """Say how posthog-js is to behave, whatever its key: it sends events, and nothing else."""
    return Response({"token": key} | _QUIET, headers={"Cache-Control": "private, max-age=300"})


def _handlers() -> Iterator[HTTPRouteHandler]:
    common: dict[str, Any] = {
        "include_in_schema": False,
        "status_code": HTTP_200_OK,
        "request_max_body_size": LIMITS.body_bytes,
    }
    yield post([*_EVENTS], **common)(take)
    yield post([*_FLAGS], **common)(flags)
    yield config


router = Router(path="/", route_handlers=[*_handlers()], middleware=[cors], tags=["ingest"])

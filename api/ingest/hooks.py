"""Where platforms call us: one address a source, `/hooks/{source}/{secret}`, and an answer within their patience.

GET asks whether the address is ours, POST brings something. The answer is given once everything is durable.
"""

from typing import Any, Final

from litestar import Request, Response, Router, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath, SkipValidation
from litestar.status_codes import HTTP_200_OK

from api.ingest.reception import Reception
from api.openapi import refusals
from commands.callbacks.doors import Doors
from commands.runtime.clock import now
from domain.ingestion.callbacks.call import Call

MOST_BYTES: Final = 1024 * 1024
_COMMON: Final[dict[str, Any]] = {
    "status_code": HTTP_200_OK,
    "request_max_body_size": MOST_BYTES,
    "responses": refusals(400, 403, 404, 413, 429, 503),
    "security": [{}],
}


async def called(
    request: Request[Any, Any, Any],
    source: FromPath[str],
    secret: FromPath[str],
    doors: NamedDependency[SkipValidation[Doors]],
    reception: NamedDependency[SkipValidation[Reception]],
) -> Response[bytes]:
    """Take what a platform sends: checked by the platform's own signature, answered as the platform wants it.

    What cannot be read is kept in the quarantine. The same call again changes nothing.
    """
    received_at = now()
    hook = await doors.find(source, secret)
    call = Call(
        method=request.method,
        query=dict(request.query_params.items()),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
        received_at=received_at,
    )
    kept = await reception.keep(hook, call)
    headers = {"Koi-Position": str(kept.position)} if kept.position else None
    return Response(kept.answer.body, media_type=kept.answer.media_type, headers=headers)


_PATH: Final = "/hooks/{source:str}/{secret:str}"
_CHECK = route(
    _PATH, http_method=HttpMethod.GET, operation_id="CheckHook", summary="Answer a platform's check", **_COMMON
)(called)
_CALL = route(_PATH, http_method=HttpMethod.POST, operation_id="CallHook", summary="Take a platform's call", **_COMMON)(
    called
)

router = Router(path="/", route_handlers=[_CHECK, _CALL], tags=["ingest"])

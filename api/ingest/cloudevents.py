"""CloudEvents: Koi's own door for events, in any of the three modes of the specification."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED

from api.auth import Caller, needs
from api.ingest.cors import cors
from api.ingest.door import Admitted, Door
from api.ingest.segment import LIMITS
from api.openapi import INGEST
from commands.access.scope import Scope
from commands.runtime.clock import now
from domain.activity.vocabulary import Vocabulary
from domain.ingestion import cloudevents
from domain.ingestion.body import decoded

_EXAMPLE: Final = {
    "specversion": "1.0",
    "id": "7f3c",
    "source": "/stores/hangzhou-12/pos",
    "type": "com.example.cart.item_added",
    "time": "2026-11-23T09:30:00+08:00",
    "subject": "member_code:10086",
    "data": {"product_id": "P-1", "price": 19.9, "currency": "CNY"},
}


@dataclass
class _Sent(Operation):
    """Documents the body of each mode."""

    def __post_init__(self) -> None:
        event = Schema(type=OpenAPIType.OBJECT, required=["specversion", "id", "source", "type"], example=_EXAMPLE)
        self.request_body = RequestBody(
            description="One event, a batch of them, or in binary mode (`ce-` headers) the data alone.",
            content={
                "application/cloudevents+json": OpenAPIMediaType(schema=event),
                "application/cloudevents-batch+json": OpenAPIMediaType(
                    schema=Schema(type=OpenAPIType.ARRAY, items=event)
                ),
                "application/json": OpenAPIMediaType(
                    schema=Schema(type=OpenAPIType.OBJECT), examples={"data": Example(value=_EXAMPLE["data"])}
                ),
            },
            required=True,
        )


@post(
    "/api/v1/events",
    operation_id="SendEvents",
    summary="Send CloudEvents",
    operation_class=_Sent,
    responses=INGEST,
    guards=[needs(Scope.INGEST)],
    status_code=HTTP_202_ACCEPTED,
    request_max_body_size=LIMITS.body_bytes,
)
async def take(
    request: Request[Caller, Any, Any],
    door: NamedDependency[SkipValidation[Door]],
    vocabulary: NamedDependency[SkipValidation[Vocabulary]],
) -> Response[Admitted]:
    """Take events: 202 once they are durable; the same `source` and `id` again is taken once."""
    received_at = now()
    raw = await request.body()
    # In binary mode an event may have no data at all.
    is_bare = not raw and "ce-specversion" in request.headers
    encoding = request.headers.get("content-encoding")
    parsed = cloudevents.parse(
        b"" if is_bare else decoded(raw, encoding, max_bytes=LIMITS.body_bytes),
        headers=request.headers,
        source=request.user.event_source,
        received_at=received_at,
        vocabulary=vocabulary,
        limits=LIMITS,
    )
    admitted = await door.admit(parsed, request.user.event_source, came_by="cloudevents")
    return Response(admitted, headers={"Koi-Position": str(admitted.position)})


router = Router(path="/", route_handlers=[take], middleware=[cors], tags=["ingest"])

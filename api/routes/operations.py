"""What an operator watches and looks into: metrics, dead letters."""

import asyncio
import importlib
import ipaddress
from typing import Annotated, Any, Final

import asyncpg
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter, SkipValidation

from api.auth import Doorkeeper, needs, presented
from api.ingest.door import Door
from api.metrics import Metrics
from api.openapi import READ
from api.pages import Page, Paging
from commands.access.scope import Scope
from commands.activity.quarantine import Quarantine
from projections.dead_letters.queries import DeadLetter, newest
from projections.engine.lag import lag
from projections.segment_membership.queries import work

_TEXT: Final = "text/plain; version=0.0.4"


@get("/metrics", operation_id="Metrics", summary="Metrics for Prometheus", tags=["operations"], media_type=_TEXT)
async def metrics(
    request: Request[Any, Any, Any],
    pool: NamedDependency[SkipValidation[asyncpg.Pool]],
    door: NamedDependency[SkipValidation[Door]],
    doorkeeper: NamedDependency[SkipValidation[Doorkeeper]],
    metrics: NamedDependency[SkipValidation[Metrics]],
    quarantine: NamedDependency[SkipValidation[Quarantine]],
) -> Response[bytes]:
    """Answer a scraper on this machine without a key; from elsewhere, or through a proxy, a key with scope admin."""
    if not _is_local(request):
        caller = await doorkeeper.caller(presented(request.headers))
        caller.require(Scope.ADMIN)
    lying = [(one.source, one.reason, one.entries) for one in await quarantine.counts(state="open")]
    metrics.segmenting(await work(pool))
    # Late, and in a thread: with the views comes SQLAlchemy, and the first request shall not wait for that.
    await asyncio.to_thread(importlib.import_module, "projections.views")
    from projections.views import VIEWS

    text = metrics.text(await lag(pool, VIEWS), door.waiting, lying)
    return Response(text, media_type=_TEXT, headers={"Cache-Control": "no-store"})


def _is_local(request: Request[Any, Any, Any]) -> bool:
    if request.client is None or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


@get(
    "/api/v1/dead-letters",
    operation_id="ListDeadLetters",
    summary="List what views could not take",
    guards=[needs(Scope.ADMIN)],
    responses=READ,
    tags=["operations"],
)
async def dead_letters(
    pool: NamedDependency[SkipValidation[asyncpg.Pool]],
    paging: NamedDependency[SkipValidation[Paging]],
    *,
    view: Annotated[str | None, QueryParameter(description="Only those of this view.")] = None,
    replayed: Annotated[bool, QueryParameter(description="Also those taken after all.")] = False,
) -> Response[Page[DeadLetter]]:
    """List the events that a view could not take, with the reason, the newest first; the rest of the view goes on."""
    of = ("dead-letters", view, replayed)
    before = paging.after(of, int)
    letters = await newest(pool, before=before, view=view, replayed=replayed, limit=paging.one_more)
    return paging.page(of, letters, lambda last: last.id)


HANDLERS: Final[list[HTTPRouteHandler]] = [metrics, dead_letters]

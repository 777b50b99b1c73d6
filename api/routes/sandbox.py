"""The sandbox: what would have been sent, to look at while nothing is sent yet."""

from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter, SkipValidation

from api.auth import Caller, needs
from api.members import person
from api.openapi import READ
from api.pages import Page, Paging
from commands.access.scope import Scope
from projections.sandbox_outbox.queries import Place, SandboxMessage
from projections.sandbox_outbox.queries import messages as outbox


@get(
    "/api/v1/sandbox/messages",
    operation_id="ListSandboxMessages",
    summary="List what the sandbox took",
    guards=[needs(Scope.READ)],
    responses=READ,
    tags=["operations"],
)
async def messages(
    request: Request[Caller, Any, Any],
    pool: NamedDependency[SkipValidation[asyncpg.Pool]],
    paging: NamedDependency[SkipValidation[Paging]],
    customer_id: Annotated[UUID | None, QueryParameter(description="Those to this customer's profile.")] = None,
    channel: Annotated[str | None, QueryParameter(description="Those on this channel.")] = None,
) -> Response[Page[SandboxMessage]]:
    """List messages that would have been sent, the newest first; their words only with the scope `personal`."""
    of = ("sandbox", customer_id, channel)
    customers = None if customer_id is None else await person(pool, customer_id)
    found = await outbox(
        pool, beyond=paging.after(of, Place), customers=customers, channel=channel, limit=paging.one_more
    )
    if not request.user.sees_personal:
        found = [msgspec.structs.replace(one, subject=None, body=None, parameters=None) for one in found]
    return paging.page(of, found, lambda last: Place(last.accepted_at, last.message_id))


HANDLERS: Final[list[HTTPRouteHandler]] = [messages]

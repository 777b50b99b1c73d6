"""What a CRM tells, and what became of its tags."""

from typing import Annotated, Any, Final

import asyncpg
import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example
from litestar.params import Body, SkipValidation
from litestar.status_codes import HTTP_200_OK

from api.auth import Caller, needs
from api.idempotency import Asked, Commands
from api.openapi import READ, refusals
from api.pages import Page, Paging
from api.positions import Positions
from api.tagging import ShownTagInUse, listed
from commands.access.scope import Scope
from commands.identity.describing import Describing
from commands.identity.tag_catalogue import TagCatalogue
from commands.identity.take_members import MembersTaken, TakeMembers, take_members
from commands.runtime.event_store import EventStore
from domain.identity.naming import Naming
from projections.customer_tags.queries import in_use
from projections.history.queries import head

_MOST_BYTES: Final = 4 * 1024 * 1024
_MEMBERS: Final = Example(
    value={
        "source": "crm",
        "members": [
            {
                "identifiers": [{"type": "member_code", "value": "10086"}, {"type": "phone", "value": "13800138000"}],
                "attributes": {"level": "gold", "name": "王芳"},
                "occurred_at": "2026-11-25T20:00:00+08:00",
                "consents": [
                    {
                        "channel": "sms",
                        "purpose": "marketing",
                        "state": "granted",
                        "text_version": "2026-09",
                        "evidence": "form 4711",
                        "occurred_at": "2026-10-01T10:00:00+08:00",
                    }
                ],
                "tags": {"complete": True, "present": ["咖啡爱好者", {"name": "等级", "value": "金卡"}]},
            }
        ],
    }
)


class MemberBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Members of a CRM; `source` names it (the key's own source, if left out)."""

    members: list[dict[str, Any]]
    source: str | None = None


@post(
    "/api/v1/members",
    operation_id="TakeMembers",
    summary="Take members of a CRM",
    guards=[needs(Scope.COMMAND)],
    responses=refusals(400, 401, 403, 409, 413, 422, 503),
    status_code=HTTP_200_OK,
    request_max_body_size=_MOST_BYTES,
    tags=["customers"],
)
async def members(
    request: Request[Caller, Any, Any],
    data: Annotated[MemberBatch, Body(examples=[_MEMBERS])],
    asked: NamedDependency[Asked],
    commands: NamedDependency[SkipValidation[Commands]],
    store: NamedDependency[SkipValidation[EventStore]],
    naming: NamedDependency[SkipValidation[Naming]],
    describing: NamedDependency[SkipValidation[Describing]],
    tag_catalogue: NamedDependency[SkipValidation[TagCatalogue]],
) -> Response[MembersTaken]:
    """Take up to 1,000 members: identifiers, attributes, consents, tags. The good ones are durable, bad ones are named.

    A complete list of tags takes the place of what the source said before, another adds to it. Tags that no mapping
    knows are kept as `crm.<source>.<name>`. Sent again under the same Idempotency-Key, nothing is done again.
    """
    source = data.source or request.user.event_source
    catalogue = await tag_catalogue.now()
    command = TakeMembers(source=source, members=data.members)
    outcome = await commands.once(
        asked,
        lambda by: take_members(
            command,
            by=by,
            streams=store.streams,
            naming=naming,
            tags=catalogue.of(source),
            describing=describing,
        ),
    )
    # A batch that says nothing new is part of history all the same: somewhere before the newest event.
    position = outcome.position or await head(store.pool)
    taken = msgspec.convert({**outcome.result, "position": position}, MembersTaken)
    headers = {"Koi-Position": str(position), "Cache-Control": "no-store"}
    return Response(taken, headers=headers | ({"Idempotency-Replayed": "true"} if outcome.is_replay else {}))


@get(
    "/api/v1/tags",
    operation_id="ListTags",
    summary="List the tags that customers have",
    guards=[needs(Scope.READ)],
    responses=READ,
    tags=["customers"],
)
async def tags(
    wait_for: NamedDependency[int | None],
    pool: NamedDependency[SkipValidation[asyncpg.Pool]],
    positions: NamedDependency[SkipValidation[Positions]],
    tag_catalogue: NamedDependency[SkipValidation[TagCatalogue]],
    paging: NamedDependency[SkipValidation[Paging]],
) -> Response[Page[ShownTagInUse]]:
    """List tags by key and value: how many customers have each, which sources say so, whether a mapping knows it."""
    position = await positions.reached("customer_tags", wanted=wait_for)
    of = ("tags",)
    after = paging.after(of, tuple[str, str]) or ("", "")
    found = listed(await in_use(pool, after=after, limit=paging.one_more), await tag_catalogue.now())
    return paging.page(of, found, lambda last: (last.key, last.value), position)


HANDLERS: Final[list[HTTPRouteHandler]] = [members, tags]

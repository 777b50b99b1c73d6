"""A person's right to her data: everything that is kept about her, for a program or for herself."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter, SkipValidation
from litestar.response import Stream

from api.auth import Caller, needs
from api.members import person
from api.openapi import READ_ONE
from api.positions import Positions
from api.routes.customers import UnknownCustomerError
from commands.access.disclosing import disclose_person
from commands.access.scope import Scope
from commands.runtime.clock import now
from commands.runtime.event_store import EventStore
from projections.history.queries import head
from projections.identity_graph.queries import members_of
from projections.person_export.as_json import schema
from projections.person_export.document import PersonExport
from projections.person_export.words import Language
from projections.person_export.writing import Form, Wanted, written

_VIEWS: Final = ("identity_graph", "event_timeline")
_TYPES: Final = {"json": "application/json", "html": "text/html; charset=utf-8"}
_ANSWERS: Final = READ_ONE | {
    200: ResponseSpec(data_container=PersonExport, description="Everything, as JSON.", generate_examples=False)
}


@get(
    "/api/v1/customers/{customer_id:uuid}/export",
    operation_id="ExportCustomer",
    summary="Export everything about a person",
    guards=[needs(Scope.READ), needs(Scope.PERSONAL)],
    responses=_ANSWERS,
    tags=["customers"],
)
async def export(
    request: Request[Caller, Any, Any],
    customer_id: FromPath[UUID],
    store: NamedDependency[SkipValidation[EventStore]],
    positions: NamedDependency[SkipValidation[Positions]],
    *,
    form: Annotated[Form, QueryParameter(description="`json` for programs, `html` to read.")] = "json",
    lang: Annotated[Language, QueryParameter(description="The language of the page.")] = "zh",
) -> Stream:
    """Hand out everything that is kept about the person this customer belongs to, personal values in clear.

    That you did is recorded for the audit before the first byte. The form of the JSON is at
    `/api/v1/customers/export/schema`.
    """
    position = await positions.reached(*_VIEWS, wanted=await head(store.pool))
    found = (await members_of(store.pool, [customer_id])).get(customer_id)
    if found is None or not found[1]:
        raise UnknownCustomerError("there is no customer with this id")
    profile_id, members = found
    recorded = await disclose_person(store, members[0], members, form=form, language=lang, by=request.user.actor)
    wanted = Wanted(
        profile_id=profile_id,
        members=members,
        ids=await person(store.pool, customer_id),
        form=form,
        language=lang,
        by=request.user.actor,
        at=now(),
        position=position,
    )
    headers = {
        "Koi-Position": str(recorded),
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="person-{profile_id}.{form}"',
    }
    return Stream(_written(store, wanted), media_type=_TYPES[form], headers=headers)


@get(
    "/api/v1/customers/export/schema",
    operation_id="ExportSchema",
    summary="Describe the form of an export",
    guards=[needs(Scope.READ)],
    responses=READ_ONE,
    tags=["customers"],
)
async def export_schema() -> dict[str, Any]:
    """Answer the JSON Schema of exports."""
    return schema()


async def _written(store: EventStore, wanted: Wanted) -> AsyncIterator[bytes]:
    await store.keyring.load(wanted.members)
    async with store.pool.acquire() as connection:
        async for piece in written(connection, wanted, store.keyring.unseal):
            yield piece


HANDLERS: Final[list[HTTPRouteHandler]] = [export, export_schema]

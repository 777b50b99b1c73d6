"""The audit: history itself, the state something was in, and why it happened; read from the log, not from views."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from api.answers import read
from api.auth import Caller, needs
from api.openapi import READ_ONE
from api.pages import Page, Paging
from api.personal import HIDDEN
from commands.access.scope import Scope
from commands.runtime.event_store import EventStore
from domain.kernel.errors import InvalidInputError, NotFoundError
from domain.kernel.stored import Unseal
from projections.cause_chain.queries import why
from projections.cause_chain.step import CauseChain
from projections.history import queries as history
from projections.history.shown import Recorded, StreamState, recorded, state_after

Store = NamedDependency[SkipValidation[EventStore]]
_AUDIT: Final[dict[str, Any]] = {"guards": (needs(Scope.AUDIT),), "responses": READ_ONE}
_HIDDEN: Final = msgspec.json.encode(HIDDEN)


class UnknownStreamError(NotFoundError):
    """Nothing was recorded under this id, or not yet at that time."""

    code = "stream.not_found"


class AuditController(Controller):
    """Questions to history."""

    path = "/api/v1/audit"
    tags = ("audit",)

    @get("/streams/{stream_id:uuid}", operation_id="GetStream", summary="List the events of a stream", **_AUDIT)
    async def stream(
        self,
        request: Request[Caller, Any, Any],
        stream_id: FromPath[UUID],
        store: Store,
        paging: NamedDependency[SkipValidation[Paging]],
    ) -> Response[Page[Recorded]]:
        """List what happened to a customer, campaign, coupon, journey run or message, from its beginning.

        Personal values are shown to keys with the scope `personal` only.
        """
        of = ("stream", stream_id)
        unseal = await _unseal(request.user, store, stream_id)
        events = await history.stream(
            store.pool, stream_id, after=paging.after(of, int) or 0, limit=paging.one_more, unseal=unseal
        )
        if not events:
            raise UnknownStreamError("there is no stream with this id", field="stream_id")
        shown = [recorded(event) for event in events]
        return paging.page(of, shown, lambda last: last.version, await history.head(store.pool))

    @get("/streams/{stream_id:uuid}/state", operation_id="GetState", summary="Show a state as of then", **_AUDIT)
    async def state(
        self,
        request: Request[Caller, Any, Any],
        stream_id: FromPath[UUID],
        store: Store,
        at: Annotated[
            str | None,
            QueryParameter(description="A position, or a time as in 2026-11-23T09:00:00Z; now, if left out."),
        ] = None,
    ) -> Response[StreamState]:
        """Show what the events of a stream amounted to at a time (of recording) or at a position of the log."""
        position, moment = _as_of(at)
        unseal = await _unseal(request.user, store, stream_id)
        events = await history.stream(store.pool, stream_id, until=position, unseal=unseal)
        found = state_after(events, at=moment)
        if found is None:
            raise UnknownStreamError("there is no stream with this id, or it had not begun then", field="stream_id")
        return read(found, await history.head(store.pool), version=found.version)

    @get("/why/{about:str}", operation_id="ExplainWhy", summary="Explain why something happened", **_AUDIT)
    async def why(self, about: FromPath[str], store: Store) -> Response[CauseChain]:
        """Follow the causes of a coupon, a message, a run (by id), an event (by position) or a fact (`fact:<id>`)."""
        return read(await why(store.pool, about), await history.head(store.pool))


def _as_of(at: str | None) -> tuple[int | None, datetime | None]:
    """Return the position or the time that is meant; raises `InvalidInputError`."""
    if at is None:
        return None, None
    try:
        if at.isascii() and at.isdigit():
            return msgspec.convert(int(at), Annotated[int, msgspec.Meta(le=2**63 - 1)]), None
        # In a query a + is a space.
        return None, msgspec.convert(at.replace(" ", "+"), Annotated[datetime, msgspec.Meta(tz=True)])
    except msgspec.ValidationError:
        raise InvalidInputError(
            "give a position, or a time with its zone as in 2026-11-23T09:00:00Z", field="at"
        ) from None


async def _unseal(caller: Caller, store: EventStore, stream_id: UUID) -> Unseal:
    """Return how this reader sees the personal values of a stream."""
    if not caller.sees_personal:
        return lambda _: _HIDDEN
    await store.keyring.load([stream_id])
    return lambda sealed: store.keyring.unseal(stream_id, sealed)

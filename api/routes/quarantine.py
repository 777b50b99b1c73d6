"""The quarantine: what could not be taken in; looked at, replayed once its mapping is right, or thrown away."""

from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from api.auth import Caller, needs
from api.openapi import CREATE, READ, READ_ONE
from api.pages import Page, Paging
from commands.access.disclosing import disclose_quarantine
from commands.access.scope import Scope
from commands.activity.quarantine import Chosen, Quarantine, Quarantined, ReasonCount, State
from commands.activity.settling import ask_replay, discard
from commands.runtime.event_store import EventStore
from domain.kernel.errors import InvalidInputError, NotFoundError

_GUARDS: Final = (needs(Scope.ADMIN),)
_CLEAR: Final = (needs(Scope.ADMIN), needs(Scope.PERSONAL))
_LIST: Final[dict[str, Any]] = {"guards": _GUARDS, "responses": READ}
_WRITE: Final[dict[str, Any]] = {"guards": _GUARDS, "responses": CREATE, "status_code": HTTP_202_ACCEPTED}
_MOST_IDS: Final = 10_000

Store = NamedDependency[SkipValidation[EventStore]]
Kept = NamedDependency[SkipValidation[Quarantine]]
SourceFilter = Annotated[str | None, QueryParameter(description="Only what this source sent.")]
ReasonFilter = Annotated[str | None, QueryParameter(description="Only what was refused for this reason (a code).")]
StateFilter = Annotated[State | None, QueryParameter(name="state", description="Only what is in this state.")]
Since = Annotated[datetime | None, QueryParameter(description="Only what came from this time on, with its zone.")]
Until = Annotated[datetime | None, QueryParameter(description="Only what came before this time, with its zone.")]


class EntryNotFoundError(NotFoundError):
    """There is no entry of the quarantine with this number."""

    code = "quarantine.not_found"


class Which(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which open entries: by number, or by source, reason and time; name at least one."""

    ids: tuple[int, ...] = ()
    source: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def chosen(self) -> Chosen:
        """The choice without the numbers; raises `InvalidInputError` where it would mean everything."""
        if not self.ids and not any((self.source, self.reason, self.since, self.until)):
            raise InvalidInputError("name entries by `ids`, or by `source`, `reason`, `since` or `until`", field="ids")
        if len(self.ids) > _MOST_IDS:
            raise InvalidInputError(f"name at most {_MOST_IDS} entries at once", field="ids")
        for name in ("since", "until"):
            _with_zone(getattr(self, name), name)
        return Chosen(source=self.source, reason=self.reason, since=self.since, until=self.until)


class Discarding(Which, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which open entries to throw away, and why."""

    why: str


class Concerned(msgspec.Struct, frozen=True):
    """How many entries it concerns; of replays, the list shows what comes of each."""

    entries: int


async def chosen_by_query(
    source: SourceFilter = None,
    reason: ReasonFilter = None,
    lying: StateFilter = None,
    since: Since = None,
    until: Until = None,
) -> Chosen:
    """Return which entries the query means."""
    since, until = _with_zone(since, "since"), _with_zone(until, "until")
    return Chosen(source=source, reason=reason, state=lying, since=since, until=until)


class QuarantineController(Controller):
    """What could not be taken in."""

    path = "/api/v1/quarantine"
    tags = ("operations",)
    dependencies = MappingProxyType({"chosen": Provide(chosen_by_query)})

    @get("/", operation_id="ListQuarantine", summary="List what could not be taken in", **_LIST)
    async def entries(
        self,
        request: Request[Caller, Any, Any],
        quarantine: Kept,
        store: Store,
        paging: NamedDependency[SkipValidation[Paging]],
        chosen: NamedDependency[SkipValidation[Chosen]],
        *,
        in_clear: Annotated[
            bool, QueryParameter(description="Also what was sent (`raw`): needs the scope personal, and is recorded.")
        ] = False,
    ) -> Response[Page[Quarantined]]:
        """List events and rows that could not be taken in, with place and reason, the newest first."""
        if in_clear:
            request.user.require(Scope.PERSONAL)
        of = ("quarantine", *msgspec.structs.astuple(chosen), in_clear)
        before = paging.after(of, int)
        found = await quarantine.newest(before=before, limit=paging.one_more, in_clear=in_clear, chosen=chosen)
        if in_clear and found:
            await disclose_quarantine(store, [one.id for one in found], chosen.source or "", by=request.user.actor)
        return paging.page(of, found, lambda last: last.id)

    @get("/reasons", operation_id="CountQuarantine", summary="Count the quarantine by source and reason", **_LIST)
    async def reasons(
        self,
        quarantine: Kept,
        source: SourceFilter = None,
        lying: StateFilter = None,
    ) -> list[ReasonCount]:
        """Count entries by source, reason and state, and tell since when they lie there."""
        return await quarantine.counts(source=source, state=lying)

    @get(
        "/{entry_id:int}",
        operation_id="GetQuarantined",
        summary="Show an entry in clear",
        guards=_CLEAR,
        responses=READ_ONE,
    )
    async def entry(
        self, request: Request[Caller, Any, Any], entry_id: FromPath[int], quarantine: Kept, store: Store
    ) -> Response[Quarantined]:
        """Show an entry with what was sent; that you saw it is recorded for the audit."""
        found = await quarantine.one(entry_id, in_clear=True) if 0 < entry_id < 2**63 else None
        if found is None:
            raise EntryNotFoundError("there is no entry with this number", field="entry_id")
        position = await disclose_quarantine(store, [entry_id], found.source, by=request.user.actor)
        return Response(
            found, status_code=HTTP_200_OK, headers={"Koi-Position": str(position), "Cache-Control": "no-store"}
        )

    @post("/replay", operation_id="ReplayQuarantine", summary="Replay entries", **_WRITE)
    async def replay(
        self, request: Request[Caller, Any, Any], data: JSONBody[Which], quarantine: Kept
    ) -> Response[Concerned]:
        """Ask for open entries to be read again, by the mappings and the vocabulary of today.

        A worker does it soon. Rows of a file go with all the rows that the file left behind. What was taken before is
        not taken twice.
        """
        count = await ask_replay(quarantine.pool, data.chosen, data.ids, by=request.user.actor)
        return Response(Concerned(count), status_code=HTTP_202_ACCEPTED)

    @post("/discard", operation_id="DiscardQuarantine", summary="Throw entries away", **_WRITE)
    async def discard(
        self, request: Request[Caller, Any, Any], data: JSONBody[Discarding], quarantine: Kept
    ) -> Response[Concerned]:
        """Throw open entries away: what was sent is destroyed, that it came and who threw it away stays."""
        if not data.why.strip():
            raise InvalidInputError("say why nobody needs them", field="why")
        count = await discard(quarantine.pool, data.chosen, data.ids, by=request.user.actor, why=data.why.strip())
        return Response(Concerned(count), status_code=HTTP_202_ACCEPTED)


def _with_zone(moment: datetime | None, field: str) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidInputError("a time needs its zone, such as 2026-11-25T09:00:00+08:00", field=field)
    return moment

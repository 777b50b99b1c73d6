"""Matches: pairs of customers who may be one person, with score and reasons, and what people decide about them."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED

from api.answers import read
from api.auth import needs
from api.commanding import Change, Done
from api.openapi import CHANGE, READ, READ_ONE
from api.pages import Page, Paging
from api.positions import Positions
from commands.access.scope import Scope
from commands.identity.matches import (
    AcceptMatch,
    MatchNotFoundError,
    RejectMatch,
    accept_match,
    reject_match,
    undo_match,
)
from commands.runtime.event_store import EventStore
from domain.identity.match_words import field_name, level_name
from domain.identity.rules import Name
from projections.identity_graph.queries import holds_around, members_of
from projections.match_review import queries
from projections.match_review.queries import Place, ReviewedMatch

_READ: Final = (needs(Scope.READ),)
_CHANGE: Final[dict[str, Any]] = {
    "guards": (needs(Scope.COMMAND),),
    "responses": CHANGE,
    "status_code": HTTP_202_ACCEPTED,
}
_VIEW: Final = "match_review"

Changing = NamedDependency[SkipValidation[Change]]
Store = NamedDependency[SkipValidation[EventStore]]
State = Literal["proposed", "accepted", "rejected", "withdrawn"]


class ReasonInWords(msgspec.Struct, frozen=True, kw_only=True):
    """How far a field agrees, and the bits that this adds to or takes from the odds; never a value."""

    field: str
    level: str
    weight: float
    field_name: Name
    level_name: Name


class MatchInWords(msgspec.Struct, frozen=True, kw_only=True):
    """A match, the reasons that weigh most first; `match` has the keys, `reasons` the words."""

    match: ReviewedMatch
    reasons: tuple[ReasonInWords, ...]


class MatchController(Controller):
    """Matches."""

    path = "/api/v1/matches"
    tags = ("matches",)

    @get("/", operation_id="ListMatches", summary="List matches, the surest first", guards=_READ, responses=READ)
    async def overview(
        self,
        wait_for: NamedDependency[int | None],
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
        paging: NamedDependency[SkipValidation[Paging]],
        standing: Annotated[State, QueryParameter(name="state", description="Where they stand.")] = "proposed",
    ) -> Response[Page[MatchInWords]]:
        """List the pairs in a state: `proposed` is the queue that waits for people."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        of = ("matches", standing)
        found = await queries.matches(pool, standing, beyond=paging.after(of, Place), limit=paging.one_more)
        return paging.page(
            of, [_in_words(one) for one in found], lambda last: Place(last.match.weight, last.match.id), position
        )

    @get("/{match_id:uuid}", operation_id="GetMatch", summary="Show a match and why", guards=_READ, responses=READ_ONE)
    async def show(
        self,
        match_id: FromPath[UUID],
        wait_for: NamedDependency[int | None],
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
    ) -> Response[MatchInWords]:
        """Show a pair; the ETag is the version that commands about it are told."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        found = await queries.match_of(pool, match_id)
        if found is None:
            raise MatchNotFoundError("there is no match with this id")
        return read(_in_words(found), position, version=found.version)

    @post("/{match_id:uuid}/accept", operation_id="AcceptMatch", summary="They are one person", **_CHANGE)
    async def accept(
        self, match_id: FromPath[UUID], data: JSONBody[AcceptMatch], change: Changing, store: Store
    ) -> Response[Done]:
        """Merge the two; undoing the match, or un-merging the two, takes it back exactly."""
        told: dict[str, Any] = {"match_id": match_id, "expected_version": change.expected_version}
        return await change.done(lambda by: accept_match(data, by=by, streams=store.streams, **told), Done)

    @post("/{match_id:uuid}/reject", operation_id="RejectMatch", summary="They are two persons", **_CHANGE)
    async def reject(
        self, match_id: FromPath[UUID], data: JSONBody[RejectMatch], change: Changing, store: Store
    ) -> Response[Done]:
        """Keep them two; the pair is not proposed again."""
        told: dict[str, Any] = {"match_id": match_id, "expected_version": change.expected_version}
        return await change.done(lambda by: reject_match(data, by=by, streams=store.streams, **told), Done)

    @post("/{match_id:uuid}/undo", operation_id="UndoMatch", summary="Take an acceptance back", **_CHANGE)
    async def undo(
        self, match_id: FromPath[UUID], data: JSONBody[RejectMatch], change: Changing, store: Store
    ) -> Response[Done]:
        """Un-merge the two, so that both are what they were, and do not propose them again."""
        match = await queries.match_of(store.pool, match_id)
        found = await members_of(store.pool, [match.left_id]) if match else {}
        members = [one for _, group in found.values() for one in group]
        told: dict[str, Any] = {"match_id": match_id, "expected_version": change.expected_version}
        told |= {"members": members, "holds": await holds_around(store.pool, members), "streams": store.streams}
        return await change.done(lambda by: undo_match(data, by=by, **told), Done)


def _in_words(match: ReviewedMatch) -> MatchInWords:
    ordered = sorted(match.reasons, key=lambda one: -abs(one.weight))
    reasons = tuple(
        ReasonInWords(
            field=one.field,
            level=one.level,
            weight=one.weight,
            field_name=field_name(one.field),
            level_name=level_name(one.level),
        )
        for one in ordered
    )
    return MatchInWords(match=match, reasons=reasons)

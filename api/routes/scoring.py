"""Models: versions, how good they are, which speaks; and what they say of a customer, with reasons."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter, SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED

from api.answers import read
from api.auth import needs
from api.commanding import Change, Done
from api.openapi import CHANGE, READ, READ_ONE
from api.pages import Page, Paging
from api.positions import Positions
from commands.access.scope import Scope
from commands.runtime.streams import Streams
from commands.scoring.promoting import PromoteModel, RetireModel, promote_model, retire_model
from domain.kernel.errors import NotFoundError
from domain.scoring.errors import ModelNotFoundError
from domain.scoring.kinds import KindOfModel, Words, kinds
from domain.scoring.reasons import ReasonInWords, in_words, read_reasons
from projections.identity_graph.queries import members_of
from projections.model_scorecard import queries
from projections.model_scorecard.queries import ModelScorecard, ModelSummary
from projections.predictions.queries import Prediction, predictions_of

_READ: Final = (needs(Scope.READ),)
_CHANGE: Final[dict[str, Any]] = {
    "guards": (needs(Scope.COMMAND),),
    "responses": CHANGE,
    "status_code": HTTP_202_ACCEPTED,
}
_VIEW: Final = "model_scorecard"

Key = Annotated[str, PathParameter(description="The model's key, such as ltv.", max_length=64)]
Changing = NamedDependency[SkipValidation[Change]]
With = NamedDependency[SkipValidation[Streams]]
Pool = NamedDependency[SkipValidation[asyncpg.Pool]]
Reached = NamedDependency[SkipValidation[Positions]]


class VersionAndWhy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version of the model is meant, and why."""

    model_version: int
    reason: str


class KindInWords(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of model: what it is called, and what it says of a customer."""

    name: str
    kind: KindOfModel


class PredictionInWords(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says of a customer, and why; `meaning` says how to read it."""

    prediction: Prediction
    kind: str
    meaning: Words | None
    further: Mapping[str, Words]
    reasons: list[ReasonInWords]


class ModelController(Controller):
    """Models."""

    path = "/api/v1/models"
    tags = ("models",)

    @get("/", operation_id="ListModels", summary="List models", guards=_READ, responses=READ)
    async def overview(
        self,
        wait_for: NamedDependency[int | None],
        pool: Pool,
        positions: Reached,
        paging: NamedDependency[SkipValidation[Paging]],
    ) -> Response[Page[ModelSummary]]:
        """List all models: which version speaks since when, how good it was, when it last scored everybody."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        of = ("models",)
        found = await queries.models(pool, after=paging.after(of, str) or "", limit=paging.one_more)
        return paging.page(of, found, lambda last: last.key, position)

    @get("/kinds", operation_id="ListModelKinds", summary="List kinds of models", guards=_READ, responses=READ)
    async def all_kinds(self) -> list[KindInWords]:
        """List what kinds of models there are, and what each says."""
        return [KindInWords(name=name, kind=kind) for name, kind in kinds().items()]

    @get("/{key:str}", operation_id="GetModel", summary="Show a model", guards=_READ, responses=READ_ONE)
    async def show(
        self, key: Key, wait_for: NamedDependency[int | None], pool: Pool, positions: Reached
    ) -> Response[ModelScorecard]:
        """Show a model's versions with what they learned from and how good they are, and its last runs."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        found = await queries.scorecard(pool, key)
        if found is None:
            raise ModelNotFoundError("there is no model with this key")
        return read(found, position, version=found.model.version)

    @post("/{key:str}/promote", operation_id="PromoteModel", summary="Let a version speak", **_CHANGE)
    async def promote(self, key: Key, data: JSONBody[VersionAndWhy], change: Changing, streams: With) -> Response[Done]:
        """Let a version speak from its next run on, in place of the one that does."""
        command = PromoteModel(key=key, expected_version=change.expected_version, **_said(data))
        return await change.done(lambda by: promote_model(command, streams=streams, by=by), Done)

    @post("/{key:str}/retire", operation_id="RetireModel", summary="Retire a version", **_CHANGE)
    async def retire(self, key: Key, data: JSONBody[VersionAndWhy], change: Changing, streams: With) -> Response[Done]:
        """Let a version speak never again; if it speaks now, its model says nothing until another is promoted."""
        command = RetireModel(key=key, expected_version=change.expected_version, **_said(data))
        return await change.done(lambda by: retire_model(command, streams=streams, by=by), Done)


class PredictionController(Controller):
    """What models say of one customer."""

    path = "/api/v1/customers"
    tags = ("models",)

    @get(
        "/{customer_id:uuid}/predictions",
        operation_id="GetPredictions",
        summary="What models say of a customer",
        guards=_READ,
        responses=READ_ONE,
    )
    async def predictions(
        self, customer_id: FromPath[UUID], wait_for: NamedDependency[int | None], pool: Pool, positions: Reached
    ) -> Response[list[PredictionInWords]]:
        """Show the last word of every model that speaks about the person, with its reasons in both languages."""
        position = await positions.reached(_VIEW, "identity_graph", wanted=wait_for)
        found = (await members_of(pool, [customer_id])).get(customer_id)
        if found is None:
            raise NotFoundError("there is no customer with this id")
        said = await predictions_of(pool, *found)
        of_kind = {one.key: one.kind for one in await queries.models(pool, limit=len(said) + 1_000)}
        return read([_in_words(one, of_kind[one.model]) for one in said], position)


def _said(data: VersionAndWhy) -> dict[str, Any]:
    return {"model_version": data.model_version, "reason": data.reason}


def _in_words(prediction: Prediction, kind: str) -> PredictionInWords:
    words = kinds().get(kind)
    return PredictionInWords(
        prediction=prediction,
        kind=kind,
        meaning=words.meaning if words else None,
        further=words.further if words else {},
        reasons=[in_words(reason) for reason in read_reasons(prediction.reasons)],
    )

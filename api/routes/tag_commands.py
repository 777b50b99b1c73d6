"""Commands about tags: define, give another version, tune weights, retire."""

from typing import Any, Final

import msgspec
from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED

from api.auth import needs
from api.commanding import Change, Creation, Done
from api.openapi import CHANGE, CREATE
from api.routes.tag_reads import one_of
from commands.access.scope import Scope
from commands.runtime.clock import now
from commands.runtime.streams import Streams
from commands.tags.changing_tag import (
    DefineTag,
    RedefineTag,
    RetireTag,
    TuneTag,
    define_tag,
    redefine_tag,
    retire_tag,
    tune_tag,
)
from domain.tags.definition import Type
from domain.tags.errors import TagInUseError
from domain.tags.shipped import shipped
from domain.tags.tag import Terms, tag_stream, tuned_terms
from projections.live_tags.trying import check_breadth
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue.checking import checked_terms, made_of
from projections.tag_catalogue.queries import catalogue, terms_of

_COMMAND: Final = (needs(Scope.COMMAND),)
_CHANGE: Final[dict[str, Any]] = {"guards": _COMMAND, "responses": CHANGE, "status_code": HTTP_202_ACCEPTED}
_LOCATION: Final = "/api/v1/tags/catalogue/{key}"
_SHOWN: Final = 5

Changing = NamedDependency[SkipValidation[Change]]
Creating = NamedDependency[SkipValidation[Creation]]
With = NamedDependency[SkipValidation[Streams]]
All = NamedDependency[SkipValidation[Everybody]]


class TagWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same in Chinese and in English."""

    zh: str
    en: str


class TagTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a tag is: its group, names, type and value (the JSON form of the rule language)."""

    group: str
    name_zh: str
    name_en: str
    type: Type
    value: dict[str, Any]
    meaning_zh: str = ""
    meaning_en: str = ""
    unit: str = ""
    labels: dict[str, TagWords] = {}
    owner: str = ""

    @property
    def terms(self) -> Terms:
        """Return them as the tag keeps them."""
        return msgspec.convert(msgspec.to_builtins(self), Terms)


class NewTag(TagTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tag of one's own."""

    key: str


class NewTerms(TagTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another version of a tag."""


class NewWeights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Weights by the names of the score's parts; those left out stay."""

    weights: dict[str, float]


class EndingTag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it ends."""

    reason: str


class TagCommands(Controller):
    """Commands about tags."""

    path = "/api/v1/tags"
    tags = ("tags",)

    @post("/catalogue", operation_id="DefineTag", summary="Define a tag", guards=_COMMAND, responses=CREATE)
    async def define(self, data: JSONBody[NewTag], creation: Creating, streams: With, everybody: All) -> Response[Done]:
        """Begin a tag of one's own; its value is checked. It has its true value for every past instant."""
        terms = msgspec.convert(_without_key(data), Terms)
        await _check(data.key, terms, everybody)
        command = DefineTag(key=data.key, terms=terms, shipped=_shipped(data.key))
        return await creation.done(
            lambda by: define_tag(command, streams=streams, by=by),
            Done,
            location=_LOCATION.replace("{key}", data.key),
            subject=tag_stream(data.key),
        )

    @post("/catalogue/{key:str}/redefine", operation_id="RedefineTag", summary="Give it another version", **_CHANGE)
    async def redefine(
        self, key: FromPath[str], data: JSONBody[NewTerms], change: Changing, streams: With, everybody: All
    ) -> Response[Done]:
        """Check other terms and keep them as the next version, also of a tag that comes with Koi."""
        await _check(key, data.terms, everybody)
        command = RedefineTag(
            key=key, terms=data.terms, shipped=_shipped(key), expected_version=change.expected_version
        )
        return await change.done(
            lambda by: redefine_tag(command, streams=streams, by=by), Done, subject=tag_stream(key)
        )

    @post("/catalogue/{key:str}/tune", operation_id="TuneTag", summary="Tune the weights of a score", **_CHANGE)
    async def tune(
        self, key: FromPath[str], data: JSONBody[NewWeights], change: Changing, streams: With, everybody: All
    ) -> Response[Done]:
        """Weigh the parts of a score otherwise: a version of its own."""
        terms = terms_of(one_of(await catalogue(everybody.pool), key).definition)
        await _check(key, tuned_terms(terms, data.weights), everybody)
        command = TuneTag(
            key=key,
            weights=data.weights,
            terms=terms,
            shipped=_shipped(key),
            expected_version=change.expected_version,
        )
        return await change.done(lambda by: tune_tag(command, streams=streams, by=by), Done, subject=tag_stream(key))

    @post("/catalogue/{key:str}/retire", operation_id="RetireTag", summary="Retire a tag", **_CHANGE)
    async def retire(
        self, key: FromPath[str], data: JSONBody[EndingTag], change: Changing, streams: With, everybody: All
    ) -> Response[Done]:
        """End a tag, unless other tags or segments are made of it; its key stays taken."""
        uses = [f"the {kind} {one}" for kind, one in made_of(key, (await everybody.names()).definitions)]
        if uses:
            more = f" and {len(uses) - _SHOWN} more" if len(uses) > _SHOWN else ""
            detail = f"it is used by {', '.join(uses[:_SHOWN])}{more}: change them first"
            raise TagInUseError(detail, field="key")
        command = RetireTag(
            key=key, reason=data.reason, shipped=_shipped(key), expected_version=change.expected_version
        )
        return await change.done(lambda by: retire_tag(command, streams=streams, by=by), Done, subject=tag_stream(key))


def _shipped(key: str) -> int:
    found = shipped().tags.get(key)
    return found.version if found else 0


def _without_key(data: NewTag) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(data).items() if name != "key"}


async def _check(key: str, terms: Terms, everybody: Everybody) -> None:
    names = await everybody.names()
    checked = checked_terms(key, terms, names.known, names.definitions)
    await check_breadth(everybody, terms.type, checked, now())

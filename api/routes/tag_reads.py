"""Reads about the catalogue of tags: what there is, what it means, how values are spread, and a try before saving."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation
from litestar.status_codes import HTTP_200_OK

from api.answers import read
from api.auth import needs
from api.openapi import ASK, READ, READ_ONE
from api.pages import Page, Paging
from api.positions import Positions
from api.routes.segment_asking import instant
from commands.access.scope import Scope
from domain.tags.definition import Definition, Type, Words
from domain.tags.errors import TagNotFoundError
from domain.tags.shipped import shipped
from projections.live_tags.trying import Tried, tried
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue import queries
from projections.tag_catalogue.checking import checked_value
from projections.tag_catalogue.counting import Distribution, distribution
from projections.tag_catalogue.meaning import TagShown, meaning
from projections.tag_catalogue.queries import Catalogue, Listed

_READ: Final = (needs(Scope.READ),)
_LIST: Final[dict[str, Any]] = {"guards": _READ, "responses": READ}
_ONE: Final[dict[str, Any]] = {"guards": _READ, "responses": READ_ONE}
_ASK: Final[dict[str, Any]] = {"guards": _READ, "responses": ASK, "status_code": HTTP_200_OK}
_VIEW: Final = "tag_catalogue"

All = NamedDependency[SkipValidation[Everybody]]


class TagGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of the catalogue and how many tags are in it."""

    key: str
    name: Words
    tags: int


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that need not be saved; `key` is that of the tag it is to become. As of an instant, else now."""

    value: Any
    type: Type
    key: str = "trial"
    labels: dict[str, Words] = {}
    at: datetime | None = None


Group = Annotated[str | None, QueryParameter(description="Of this group alone.")]
Search = Annotated[str | None, QueryParameter(description="Words in key, name or meaning, Chinese or English.")]
At = Annotated[datetime | None, QueryParameter(description="As of this instant, with its zone; now, if left out.")]


class TagReads(Controller):
    """Reads about the catalogue."""

    path = "/api/v1/tags"
    tags = ("tags",)

    @get("/catalogue", operation_id="ListTagDefinitions", summary="List the tags of the catalogue", **_LIST)
    async def listed(
        self,
        wait_for: NamedDependency[int | None],
        everybody: All,
        positions: NamedDependency[SkipValidation[Positions]],
        paging: NamedDependency[SkipValidation[Paging]],
        group: Group = None,
        search: Search = None,
    ) -> Response[Page[Listed]]:
        """List tags by key, those that come with Koi and those of one's own."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        of = ("tag_catalogue", group, search)
        after = paging.after(of, str) or ""
        found = _matching(await queries.catalogue(everybody.pool), group, search)
        some = [one for one in found if one.definition.key > after][: paging.one_more]
        return paging.page(of, some, lambda last: last.definition.key, position)

    @get("/catalogue/groups", operation_id="ListTagGroups", summary="List the groups of tags", **_LIST)
    async def groups(self, everybody: All) -> list[TagGroup]:
        """List the groups in their order, each with how many tags are in it."""
        tags = (await queries.catalogue(everybody.pool)).tags.values()
        return [
            TagGroup(key=key, name=one.name, tags=sum(tag.definition.group == key for tag in tags))
            for key, one in shipped().groups.items()
        ]

    @get("/catalogue/{key:str}", operation_id="GetTagDefinition", summary="Show a tag of the catalogue", **_ONE)
    async def show(
        self,
        key: FromPath[str],
        wait_for: NamedDependency[int | None],
        everybody: All,
        positions: NamedDependency[SkipValidation[Positions]],
    ) -> Response[TagShown]:
        """Show a tag as a sentence and a definition, its weights, what it is made of and rests on, all its versions."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        names = await everybody.names()
        found = one_of(await queries.catalogue(everybody.pool), key)
        answer = await meaning(everybody.pool, found, names.definitions, names.labels)
        return read(answer, position, version=found.version or None)

    @get(
        "/catalogue/{key:str}/distribution",
        operation_id="GetTagDistribution",
        summary="Show how a tag's values are spread",
        **_ONE,
    )
    async def spread(self, key: FromPath[str], everybody: All, at: At = None) -> Distribution:
        """Work the tag out for everybody, now or as of an instant: coverage and distribution."""
        names = await everybody.names()
        found = one_of(await queries.catalogue(everybody.pool), key).definition
        checked = checked_value(key, msgspec.to_builtins(found.value), names.known, names.definitions)
        async with everybody.turn:
            most = everybody.tag_values
            return await distribution(await everybody.lakehouse(), checked, found.type, instant(at), most=most)

    @post("/catalogue/preview", operation_id="PreviewTag", summary="Try a tag before it is saved", **_ASK)
    async def preview(self, data: JSONBody[Trial], everybody: All) -> Tried:
        """Check a value, work it out for everybody, and show some people with the facts and words it came from.

        Nothing is saved.
        """
        names = await everybody.names()
        checked = checked_value(data.key, data.value, names.known, names.definitions)
        name = Words(zh=data.key, en=data.key)
        tag = Definition(
            key=data.key, group="", name=name, meaning=name, type=data.type, value=checked.value, labels=data.labels
        )
        return await tried(everybody, tag, checked, names, instant(data.at))


def one_of(catalogue: Catalogue, key: str) -> Listed:
    """Return a tag of the catalogue; raises `TagNotFoundError`."""
    found = catalogue.tags.get(key)
    if found is None:
        retired = catalogue.retired.get(key)
        detail = f"the tag was retired at {retired:%F %T}" if retired else "no tag of the catalogue has this key"
        raise TagNotFoundError(detail, field="key")
    return found


def _matching(catalogue: Catalogue, group: str | None, search: str | None) -> Sequence[Listed]:
    words = (search or "").casefold().split()
    return [
        one
        for _, one in sorted(catalogue.tags.items())
        if group in {None, one.definition.group} and all(word in _text(one.definition) for word in words)
    ]


def _text(tag: Definition) -> str:
    return f"{tag.key} {tag.name.zh} {tag.name.en} {tag.meaning.zh} {tag.meaning.en}".casefold()

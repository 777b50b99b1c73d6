"""Differences of tags: two versions, two builds, the catalogue since a build."""

from datetime import datetime
from typing import Annotated, Any, Final

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from api.auth import needs
from api.openapi import READ_ONE
from api.routes.segment_asking import instant
from api.routes.tag_reads import one_of
from commands.access.scope import Scope
from domain.kernel.errors import InvalidInputError
from domain.tags.revising import Revisions, revisions
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue import queries
from projections.tag_catalogue.comparing import Difference, difference
from projections.tag_catalogue.manifests import built
from projections.tag_catalogue.nights import BuildDifference, Built, between, pair_of, shown
from projections.tag_catalogue.revised import catalogue_of

_ONE: Final[dict[str, Any]] = {"guards": (needs(Scope.READ),), "responses": READ_ONE}
_MOST_KEYS: Final = 50

All = NamedDependency[SkipValidation[Everybody]]
At = Annotated[datetime | None, QueryParameter(description="As of this instant, with its zone; now, if left out.")]
Since = Annotated[
    datetime | None, QueryParameter(description="The last build at or before this instant; else the last but one.")
]
Until = Annotated[datetime | None, QueryParameter(description="The last build at or before this instant, else of all.")]
Keys = Annotated[list[str] | None, QueryParameter(name="key", description="Of these tags alone; several times.")]
Before = Annotated[int, QueryParameter(description="A version of the tag.")]
After = Annotated[int, QueryParameter(description="Another version of it.")]


class TagDifferences(Controller):
    """Differences of tags."""

    path = "/api/v1/tags"
    tags = ("tags",)

    @get("/builds", operation_id="ListTagBuilds", summary="List the builds of everybody's tags", **_ONE)
    async def builds(self, everybody: All) -> list[Built]:
        """List the finished builds, the latest first, each with the tags that it kept out and why."""
        return [shown(one) for one in await built(everybody.lake_url)]

    @get("/builds/difference", operation_id="CompareTagBuilds", summary="Compare two builds", **_ONE)
    async def of_builds(
        self, everybody: All, since: Since = None, until: Until = None, keys: Keys = None
    ) -> BuildDifference:
        """Show which tags changed for how many people, in which direction, and from what to what most often."""
        if keys and len(keys) > _MOST_KEYS:
            raise InvalidInputError(f"name {_MOST_KEYS} tags at most, or none for all", field="key")
        pair = pair_of(await built(everybody.lake_url), _aware(since, "since"), _aware(until, "until"))
        return await between(everybody.lake_url, pair, keys or ())

    @get(
        "/revisions", operation_id="CompareTagCatalogues", summary="Compare the catalogue with that of a build", **_ONE
    )
    async def of_catalogues(self, everybody: All, since: Since = None) -> Revisions:
        """Show which tags came, went or mean something else since a build, such as the last one before an upgrade."""
        before = await catalogue_of(everybody.lake_url, await built(everybody.lake_url), _aware(since, "since"))
        now = await queries.catalogue(everybody.pool)
        return revisions(before, {key: one.definition for key, one in now.tags.items()})

    @get("/catalogue/{key:str}/difference", operation_id="CompareTagVersions", summary="Compare two versions", **_ONE)
    async def of_versions(
        self, key: FromPath[str], everybody: All, before: Before, after: After, at: At = None
    ) -> Difference:
        """Show for how many people the value is another by one version than by another."""
        one_of(await queries.catalogue(everybody.pool), key)
        known = {one.definition.version: one.definition for one in await queries.versions(everybody.pool, key)}
        for one, field in ((before, "before"), (after, "after")):
            if one not in known:
                raise InvalidInputError(f"the tag has no version {one}; it has {sorted(known)}", field=field)
        names = await everybody.names()
        async with everybody.turn:
            lakehouse = await everybody.lakehouse()
            return await difference(lakehouse, known[before], known[after], names.definitions, instant(at))


def _aware(at: datetime | None, field: str) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise InvalidInputError("say the zone of the instant, such as 2026-11-01T00:00:00Z", field=field)
    return at

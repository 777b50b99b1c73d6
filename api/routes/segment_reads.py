"""Reads about segments and rules: what there is, who is in now or was as of an instant, why, and what a rule says."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK

from api.answers import read
from api.auth import needs
from api.openapi import ASK, READ, READ_ONE
from api.pages import Page, Paging
from api.positions import Positions
from api.routes import segment_asking as asked
from api.routes.customers import UnknownCustomerError
from api.routes.segment_asking import Several, WhomOverTime, WhomToCount, WhomToShow
from commands.access.scope import Scope
from domain.kernel.rules.reading import Problem
from domain.kernel.rules.saying import Sentence, say
from domain.kernel.rules.tree import Rule
from domain.segments.errors import SegmentNotFoundError
from projections.segment_catalogue import queries
from projections.segment_catalogue.queries import Meant, SegmentSummary
from projections.segment_members import people
from projections.segment_members.asking import Overlap, Size
from projections.segment_members.checking import checked, of_segment, problems
from projections.segment_members.everybody import Everybody
from projections.segment_members.quick import Quick
from projections.segment_members.used_by import Use, used_by
from projections.segment_members.why import Explained, explained
from projections.segment_members.writing import TYPES, Form, pieces, written_out

_READ: Final = (needs(Scope.READ),)
_VIEW: Final = "segment_catalogue"
_LIST: Final[dict[str, Any]] = {"guards": _READ, "responses": READ}
_ONE: Final[dict[str, Any]] = {"guards": _READ, "responses": READ_ONE}
FILES: Final = READ_ONE | {
    200: ResponseSpec(data_container=bytes, description="The file.", media_type="text/csv", generate_examples=False)
}
_ASK: Final[dict[str, Any]] = {"guards": _READ, "responses": ASK, "status_code": HTTP_200_OK}

Pool = NamedDependency[SkipValidation[asyncpg.Pool]]
All = NamedDependency[SkipValidation[Everybody]]


class SegmentShown(msgspec.Struct, frozen=True, kw_only=True):
    """A segment with its rule in words, and whom each of its versions meant, the newest first."""

    segment: SegmentSummary
    sentence: Sentence | None
    versions: list[Meant]


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many of all people are in as of an instant."""

    at: datetime
    count: int
    people: int


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is in, by profile id."""

    profile_id: str


class Sampled(Counted, frozen=True, kw_only=True):
    """Some of those who are in, and why."""

    sample: list[Explained]


class GivenRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as the editor has it; `key` is that of the segment it is to become."""

    rule: Any
    key: str | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say about a rule: it is good if all problems are warnings; then what it means, in words."""

    is_good: bool
    problems: list[Problem]
    sentence: Sentence | None


Archived = Annotated[bool, QueryParameter(description="Also those that are archived.")]
At = Annotated[datetime | None, QueryParameter(description="As of this instant, with its zone; now, if left out.")]


class SegmentReads(Controller):
    """Reads about segments."""

    path = "/api/v1/segments"
    tags = ("segments",)

    @get("/", operation_id="ListSegments", summary="List segments", **_LIST)
    async def listed(
        self,
        wait_for: NamedDependency[int | None],
        pool: Pool,
        positions: NamedDependency[SkipValidation[Positions]],
        paging: NamedDependency[SkipValidation[Paging]],
        *,
        archived: Archived = False,
    ) -> Response[Page[SegmentSummary]]:
        """List segments by key: what each is called, whom it means, whether it is followed live."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        of = ("segments", archived)
        after = paging.after(of, str) or ""
        found = await queries.segments(pool, after=after, limit=paging.one_more, archived=archived)
        return paging.page(of, found, lambda last: last.key, position)

    @get("/{key:str}", operation_id="GetSegment", summary="Show a segment", **_ONE)
    async def show(
        self,
        key: FromPath[str],
        wait_for: NamedDependency[int | None],
        pool: Pool,
        everybody: All,
        positions: NamedDependency[SkipValidation[Positions]],
    ) -> Response[SegmentShown]:
        """Show a segment with whom each of its versions meant."""
        position = await positions.reached(_VIEW, wanted=wait_for)
        found = await queries.segment(pool, key)
        if found is None:
            raise SegmentNotFoundError("no segment has this key", field="key")
        rule = msgspec.convert(found.meant.rule, Rule) if found.meant and found.meant.rule else None
        sentence = say(rule, (await everybody.names()).labels) if rule is not None else None
        shown = SegmentShown(segment=found, sentence=sentence, versions=await queries.versions(pool, key))
        return read(shown, position, version=found.version)

    @get("/{key:str}/used-by", operation_id="ListUsesOfSegment", summary="Show what is made of a segment", **_ONE)
    async def uses(self, key: FromPath[str], everybody: All) -> list[Use]:
        """Show the segments, tags and campaigns that name it: it cannot be archived before them."""
        names = await everybody.names()
        of_segment(key, names, "key")
        return await used_by(everybody.pool, key, names.definitions)

    @get("/{key:str}/members", operation_id="ListMembersOfSegment", summary="List who is in a segment", **_ONE)
    async def members(
        self,
        key: FromPath[str],
        everybody: All,
        paging: NamedDependency[SkipValidation[Paging]],
        at: At = None,
    ) -> Response[Page[Shown]]:
        """List who is in it now, or was as of an instant, by profile id."""
        names = await everybody.names()
        rule = of_segment(key, names, "key").resolved
        of = ("members", key, at)
        after = paging.after(of, str) or ""
        found = await people.members(everybody, rule, asked.instant(at), after=after, limit=paging.one_more)
        return paging.page(of, [Shown(profile_id=one) for one in found], lambda last: last.profile_id)

    @get(
        "/{key:str}/explain/{customer_id:uuid}",
        operation_id="ExplainSegment",
        summary="Show why somebody is in it, or is not",
        **_ONE,
    )
    async def explain(
        self, key: FromPath[str], customer_id: FromPath[UUID], everybody: All, at: At = None
    ) -> Explained:
        """Show each part of the rule with its answer for the person a customer belongs to, down to facts and words."""
        names = await everybody.names()
        rule, when = of_segment(key, names, "key").rule, asked.instant(at)
        found = await explained(everybody, rule, names.definitions, when, [customer_id])
        if not found:
            raise UnknownCustomerError("there is no customer with this id")
        return found[0]

    @get(
        "/{key:str}/download",
        operation_id="DownloadSegment",
        summary="Download who is in a segment",
        guards=_READ,
        responses=FILES,
    )
    async def download(
        self,
        key: FromPath[str],
        everybody: All,
        at: At = None,
        form: Annotated[Form, QueryParameter(description="`csv` or `parquet`.")] = "csv",
    ) -> Stream:
        """Hand out the profile ids of all who are in it now, or were as of an instant; a column `profile_id`."""
        names = await everybody.names()
        rule, when = of_segment(key, names, "key").resolved, asked.instant(at)
        headers = {"Content-Disposition": f'attachment; filename="{key}.{form}"', "Cache-Control": "no-store"}
        file = await written_out(people.parts(everybody, rule, when), form)
        return Stream(pieces(file), media_type=TYPES[form], headers=headers)

    @post("/validate", operation_id="ValidateRule", summary="Say what is wrong with a rule", **_ASK)
    async def validate(self, data: JSONBody[GivenRule], everybody: All) -> Told:
        """Check a rule as the editor writes it: every problem with its place, or what it means in both languages."""
        names = await everybody.names()
        found = problems(data.rule, names, key=data.key)
        is_good = all(one.is_warning for one in found)
        sentence = say(checked(data.rule, names, key=data.key).rule, names.labels) if is_good else None
        return Told(is_good=is_good, problems=list(found), sentence=sentence)

    @post("/count", operation_id="CountSegment", summary="Count whom a rule means", **_ASK)
    async def count(
        self, data: JSONBody[WhomToCount], everybody: All, quick: NamedDependency[SkipValidation[Quick]]
    ) -> Counted:
        """Count whom a rule means, saved or not, now or as of any past instant; or quickly, for an editor."""
        names = await everybody.names()
        rule, at = asked.meant(data, names), asked.instant(data.at)
        if data.quick and data.at is None and (counted := await quick.count(rule.rule, names.definitions)):
            return Counted(at=counted.at, count=counted.count, people=counted.people)
        found = await people.count(everybody, rule.resolved, at)
        return Counted(at=at, count=found.count, people=found.people)

    @post("/sample", operation_id="SampleSegment", summary="Show some whom a rule means", **_ASK)
    async def sample(self, data: JSONBody[WhomToShow], everybody: All) -> Sampled:
        """Count whom a rule means, and show some of them with the reasons: for one salt always the same."""
        names = await everybody.names()
        rule, at, many = asked.meant(data, names), asked.instant(data.at), asked.samples(data)
        found = await people.count(everybody, rule.resolved, at, sample=many, salt=data.salt)
        shown = await explained(everybody, rule.rule, names.definitions, at, map(UUID, found.sample))
        return Sampled(at=at, count=found.count, people=found.people, sample=shown)

    @post("/history", operation_id="GetSizesOfSegment", summary="Show its size over time", **_ASK)
    async def history(self, data: JSONBody[WhomOverTime], everybody: All) -> list[Size]:
        """Count whom a rule meant at many instants: a rule thought of today has its true history."""
        rule, instants = asked.meant(data, await everybody.names()).resolved, asked.instants(data)
        return await people.sizes(everybody, rule, instants)

    @post("/overlap", operation_id="CompareSegments", summary="Show who is in several segments at once", **_ASK)
    async def overlap(self, data: JSONBody[Several], everybody: All) -> Overlap:
        """Count who is in each pair of segments, and their share of those who are in either."""
        rules, at = asked.of_each(data, await everybody.names()), asked.instant(data.at)
        return await people.overlap(everybody, rules, at)

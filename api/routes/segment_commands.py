"""Commands about segments: create, describe, define anew, follow live, fill with a list, take a snapshot, archive."""

from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED

from api.auth import needs
from api.commanding import Change, Creation, Done
from api.openapi import CHANGE, CREATE, CREATE_OF
from api.routes.segment_asking import instant
from commands.access.scope import Scope
from commands.runtime.settings import Settings
from commands.runtime.streams import Streams
from commands.segments.changing_segment import (
    ActivateSegment,
    ArchiveSegment,
    DeactivateSegment,
    DefineSegment,
    DescribeSegment,
    ShippedSegment,
    activate_segment,
    archive_segment,
    deactivate_segment,
    define_segment,
    describe_segment,
)
from commands.segments.create_segment import CreateSegment, create_segment
from commands.segments.reading_list import Fault
from commands.segments.upload_list import Mode, TakeSnapshot, UploadList, take_snapshot, upload_list
from domain.identity.naming import Naming
from domain.kernel.rules.reading import written
from domain.segments.errors import SegmentInUseError, SegmentNotFoundError
from domain.segments.segment import Words, segment_stream
from projections.segment_catalogue import queries
from projections.segment_catalogue.shipped import shipped
from projections.segment_members.checking import checked, of_segment
from projections.segment_members.everybody import Everybody
from projections.segment_members.people import everyone_in
from projections.segment_members.used_by import used_by

_COMMAND: Final = (needs(Scope.COMMAND),)
_CHANGE: Final[dict[str, Any]] = {"guards": _COMMAND, "responses": CHANGE, "status_code": HTTP_202_ACCEPTED}
_LOCATION: Final = "/api/v1/segments/{key}"
# A list of five million lines.
_LIST_BYTES: Final = 256 * 1024 * 1024
_SHOWN: Final = 5

Changing = NamedDependency[SkipValidation[Change]]
Creating = NamedDependency[SkipValidation[Creation]]
With = NamedDependency[SkipValidation[Streams]]
All = NamedDependency[SkipValidation[Everybody]]


class NewSegment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A segment: its key, its words, and its rule; without a rule it is a list, to be filled by uploads."""

    key: str
    name_zh: str
    name_en: str
    meaning_zh: str = ""
    meaning_en: str = ""
    owner: str = ""
    rule: dict[str, Any] | None = None

    @property
    def words(self) -> Words:
        """What people see of it."""
        return Words(**{name: getattr(self, name) for name in Words.__struct_fields__})


class NewWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people see of a segment."""

    name_zh: str
    name_en: str
    meaning_zh: str = ""
    meaning_en: str = ""
    owner: str = ""


class NewRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another rule."""

    rule: dict[str, Any]


class NewList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines with a customer id or an identifier as type:value each, or CSV whose first line names its columns.

    Such as `customer_id`, `phone` or `member_code`; the first of them that a line fills counts.
    """

    list: str
    mode: Mode = "replace"


class NewSnapshot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key and the words of the list to make; who was in as of an instant (with its zone), or is now."""

    key: str
    name_zh: str
    name_en: str
    meaning_zh: str = ""
    meaning_en: str = ""
    owner: str = ""
    at: datetime | None = None


class Ending(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it ends."""

    reason: str


class Listed(Done, frozen=True, kw_only=True):
    """The list is taken: `people` are in it now.

    Of the lines `taken` named somebody known, `unknown` somebody unknown, `bad` nobody; by number, 100 at most.
    """

    segment_version: int
    people: int
    taken: int
    unknown: int
    bad: int
    unknown_lines: list[int]
    faults: list[Fault]


class Taken(Done, frozen=True, kw_only=True):
    """The snapshot is taken: `people` are in it."""

    people: int


class SegmentCommands(Controller):
    """Commands about segments."""

    path = "/api/v1/segments"
    tags = ("segments",)

    @post("/", operation_id="CreateSegment", summary="Create a segment", guards=_COMMAND, responses=CREATE)
    async def create(
        self, data: JSONBody[NewSegment], creation: Creating, streams: With, everybody: All
    ) -> Response[Done]:
        """Begin a segment by a rule, which is checked, or as a list."""
        segment_id = segment_stream(data.key)
        rule = await _checked(data.rule, data.key, everybody) if data.rule is not None else None
        command = CreateSegment(key=data.key, words=data.words, rule=rule)
        return await creation.done(
            lambda by: create_segment(command, streams=streams, by=by),
            Done,
            location=_LOCATION.replace("{key}", data.key),
            subject=segment_id,
        )

    @post("/{key:str}/describe", operation_id="DescribeSegment", summary="Say its names anew", **_CHANGE)
    async def describe(
        self, key: FromPath[str], data: JSONBody[NewWords], change: Changing, streams: With
    ) -> Response[Done]:
        """Give a segment other names, another meaning or owner."""
        words = Words(**msgspec.structs.asdict(data))
        command = DescribeSegment(key=key, words=words, expected_version=change.expected_version)
        return await change.done(
            lambda by: describe_segment(command, streams=streams, by=by), Done, subject=segment_stream(key)
        )

    @post("/{key:str}/define", operation_id="DefineSegment", summary="Give it another rule", **_CHANGE)
    async def define(
        self, key: FromPath[str], data: JSONBody[NewRule], change: Changing, streams: With, everybody: All
    ) -> Response[Done]:
        """Check another rule and keep it as the next version; its history is the new rule's from the first day on."""
        segment_id = segment_stream(key)
        rule = await _checked(data.rule, key, everybody)
        command = DefineSegment(key=key, rule=rule, expected_version=change.expected_version)
        return await change.done(lambda by: define_segment(command, streams=streams, by=by), Done, subject=segment_id)

    @post("/{key:str}/activate", operation_id="ActivateSegment", summary="Follow it live", **_CHANGE)
    async def activate(self, key: FromPath[str], change: Changing, streams: With) -> Response[Done]:
        """Tell from now on who enters and who leaves, within a second: journeys can begin on it."""
        command = ActivateSegment(key=key, shipped=_shipped(key), expected_version=change.expected_version)
        return await change.done(
            lambda by: activate_segment(command, streams=streams, by=by), Done, subject=segment_stream(key)
        )

    @post("/{key:str}/deactivate", operation_id="DeactivateSegment", summary="Follow it no more", **_CHANGE)
    async def deactivate(self, key: FromPath[str], change: Changing, streams: With) -> Response[Done]:
        """Tell no more who enters and leaves; who is in it is still worked out when asked."""
        command = DeactivateSegment(key=key, expected_version=change.expected_version)
        return await change.done(
            lambda by: deactivate_segment(command, streams=streams, by=by), Done, subject=segment_stream(key)
        )

    @post("/{key:str}/archive", operation_id="ArchiveSegment", summary="Archive a segment", **_CHANGE)
    async def archive(
        self, key: FromPath[str], data: JSONBody[Ending], change: Changing, streams: With, everybody: All
    ) -> Response[Done]:
        """End a segment for good, unless something is made of it; its key stays taken."""
        segment_id = segment_stream(key)
        names = await everybody.names()
        uses = await used_by(everybody.pool, key, names.definitions)
        if uses:
            shown = ", ".join(f"{use.kind} {use.name}" for use in uses[:_SHOWN])
            raise SegmentInUseError(f"{len(uses)} use it, change them first: {shown}", field="key")
        command = ArchiveSegment(key=key, reason=data.reason, expected_version=change.expected_version)
        return await change.done(lambda by: archive_segment(command, streams=streams, by=by), Done, subject=segment_id)

    @post(
        "/{key:str}/list",
        operation_id="UploadSegmentList",
        summary="Upload who is in a list",
        request_max_body_size=_LIST_BYTES,
        **_CHANGE,
    )
    async def upload(
        self,
        key: FromPath[str],
        data: JSONBody[NewList],
        change: Changing,
        streams: With,
        naming: NamedDependency[SkipValidation[Naming]],
        everybody: All,
        settings: NamedDependency[SkipValidation[Settings]],
    ) -> Response[Listed]:
        """Take the good lines of a list, and name the others with their numbers; identifiers are not kept."""
        command = UploadList(key=key, list=data.list, mode=data.mode, expected_version=change.expected_version)

        async def uploaded(by: Any) -> object:
            return await upload_list(
                command,
                streams=streams,
                pool=everybody.pool,
                lake_url=settings.lake_url,
                naming=naming,
                named=everybody.named,
                by=by,
            )

        return await change.done(uploaded, Listed, subject=segment_stream(key))

    @post(
        "/{key:str}/snapshot",
        operation_id="SnapshotSegment",
        summary="Keep who is in it as a list",
        guards=_COMMAND,
        responses=CREATE_OF,
    )
    async def snapshot(
        self,
        key: FromPath[str],
        data: JSONBody[NewSnapshot],
        creation: Creating,
        streams: With,
        everybody: All,
        settings: NamedDependency[SkipValidation[Settings]],
    ) -> Response[Taken]:
        """Make a new list of those who are in a segment, or were as of an instant."""
        made_id, at = segment_stream(data.key), instant(data.at)
        names = await everybody.names()
        rule = of_segment(key, names).resolved
        found = await queries.segment(everybody.pool, key)
        if found is None:
            raise SegmentNotFoundError("no segment has this key", field="key")
        words = Words(**{name: getattr(data, name) for name in Words.__struct_fields__})
        version = found.meant.segment_version if found.meant else 0

        async def taken(by: Any) -> object:
            people = await everyone_in(everybody, rule, at)
            command = TakeSnapshot(key=data.key, words=words, people=people, of=key, of_version=version, as_of=at)
            return await take_snapshot(command, streams=streams, pool=everybody.pool, lake_url=settings.lake_url, by=by)

        location = _LOCATION.replace("{key}", data.key)
        return await creation.done(taken, Taken, location=location, subject=made_id)


async def _checked(rule: dict[str, Any], key: str, everybody: Everybody) -> dict[str, Any]:
    """Return the rule as it is written down; raises `RuleError` and its like."""
    names = await everybody.names()
    found: dict[str, Any] = written(checked(rule, names, key=key).rule)
    return found


def _shipped(key: str) -> ShippedSegment | None:
    found = shipped().get(key)
    return None if found is None else ShippedSegment(words=found.words, rule=found.rule)

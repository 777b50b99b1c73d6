"""The segment: versions of whom it means, whether its changes are told, and that it is over."""

import re
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from domain.kernel.aggregate import Aggregate
from domain.kernel.event import Event
from domain.kernel.ids import derived
from domain.kernel.same import same_json
from domain.segments import errors

Kind = Literal["dynamic", "static"]
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
# Keys that begin so are those of the segments that come with Koi.
SHIPPED: Final = "core_"
_LONGEST_NAME: Final = 120


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What people see of a segment, in both languages, and who answers for it."""

    name_zh: str
    name_en: str
    meaning_zh: str = ""
    meaning_en: str = ""
    owner: str = ""


class PeopleList(msgspec.Struct, frozen=True, kw_only=True):
    """A list of people: a file below the lake's `segments/` known by its digest, holding customer ids and nothing else.

    `origin` says what it was made from: an upload, or a segment as of an instant.
    """

    people: int
    path: str
    sha256: str
    origin: dict[str, Any]


def segment_stream(key: str) -> UUID:
    """Return the stream of the segment with this key; raises `SegmentTermsError`."""
    if not _KEY.fullmatch(key):
        detail = "a segment's key is up to 64 small letters, digits and _, such as bought_last_week"
        raise errors.SegmentTermsError(detail, field="key")
    return derived("segment", key)


def list_id(sha256: str) -> UUID:
    """Return the id under which the people of a list are looked up."""
    return derived("segment list", sha256)


class Segment(Aggregate):
    """One segment, named by its key. Whom it means is a version; rules that are no trees are refused before.

    One that comes with Koi has no stream until somebody follows it live; it is never changed by people.
    """

    class Created(Event, frozen=True, kw_only=True):
        TOPIC = "segment.created.v1"
        key: str
        kind: Kind
        name_zh: str
        name_en: str
        meaning_zh: str
        meaning_en: str
        owner: str

    class Described(Event, frozen=True, kw_only=True):
        TOPIC = "segment.described.v1"
        name_zh: str
        name_en: str
        meaning_zh: str
        meaning_en: str
        owner: str

    class Defined(Event, frozen=True, kw_only=True):
        TOPIC = "segment.defined.v1"
        segment_version: int
        rule: dict[str, Any]

    class Listed(Event, frozen=True, kw_only=True):
        TOPIC = "segment.listed.v1"
        segment_version: int
        people: int
        path: str
        sha256: str
        origin: dict[str, Any]

    class Activated(Event, frozen=True, kw_only=True):
        TOPIC = "segment.activated.v1"

    class Deactivated(Event, frozen=True, kw_only=True):
        TOPIC = "segment.deactivated.v1"

    class Archived(Event, frozen=True, kw_only=True):
        TOPIC = "segment.archived.v1"
        reason: str

    def __init__(self, stream_id: UUID) -> None:
        """Begin before the segment is created."""
        super().__init__(stream_id)
        self.key = ""
        self.kind: Kind = "dynamic"
        self.words: Words | None = None
        self.segment_version = 0
        self.rule: dict[str, Any] | None = None
        self.listed: PeopleList | None = None
        self.is_live = False
        self.is_archived = False

    def create(self, key: str, words: Words, *, rule: dict[str, Any] | None = None) -> None:
        """Begin a segment: a dynamic one with a rule (its JSON form, checked), a static one without."""
        if self.exists:
            raise errors.SegmentExistsError("a segment has this key: choose another, or define it anew", field="key")
        if key.startswith(SHIPPED):
            detail = f"keys that begin with {SHIPPED} are those of segments that come with Koi: choose another"
            raise errors.SegmentTermsError(detail, field="key")
        kind: Kind = "static" if rule is None else "dynamic"
        self.record(Segment.Created, key=key, kind=kind, **msgspec.structs.asdict(_checked(words)))
        if rule is not None:
            self.record(Segment.Defined, segment_version=1, rule=rule)

    def adopt(self, key: str, words: Words, rule: dict[str, Any]) -> None:
        """Take one that comes with Koi into history, as it is shipped by now, so that it can be followed live."""
        if not self.exists:
            self.record(Segment.Created, key=key, kind="dynamic", **msgspec.structs.asdict(_checked(words)))
        if rule != self.rule:
            self.record(Segment.Defined, segment_version=self.segment_version + 1, rule=rule)

    def describe(self, words: Words) -> None:
        """Say its names, meaning or owner anew; saying the same changes nothing."""
        self._require_own()
        words = _checked(words)
        if words != self.words:
            self.record(Segment.Described, **msgspec.structs.asdict(words))

    def define(self, rule: dict[str, Any]) -> int:
        """Give a dynamic segment another rule and return its version; the same rule is no new one."""
        self._require_own()
        if self.kind != "dynamic":
            raise errors.SegmentKindError(
                "the segment is a list: upload people instead of defining a rule", field="rule"
            )
        if not same_json(rule, self.rule):
            self.record(Segment.Defined, segment_version=self.segment_version + 1, rule=rule)
        return self.segment_version

    def put_list(self, listed: PeopleList) -> int:
        """Give a static segment another list and return its version; the same list is no new one."""
        self._require_own()
        if self.kind != "static":
            raise errors.SegmentKindError("the segment has a rule: a list belongs into a static one", field="key")
        if self.listed is None or listed.sha256 != self.listed.sha256:
            version = self.segment_version + 1
            self.record(Segment.Listed, segment_version=version, **msgspec.structs.asdict(listed))
        return self.segment_version

    def activate(self) -> None:
        """From now on tell who enters and who leaves."""
        self._require_use()
        if not self.is_live:
            self.record(Segment.Activated)

    def deactivate(self) -> None:
        """Tell no more who enters and leaves; whom it means stays."""
        self._require_use()
        if self.is_live:
            self.record(Segment.Deactivated)

    def archive(self, reason: str) -> None:
        """End it; its key stays taken, since history names it."""
        self._require_own()
        self.record(Segment.Archived, reason=reason.strip())

    def evolve(self, event: Event) -> None:
        """Assign what the event says."""
        match event:
            case Segment.Created():
                self.key, self.kind = event.key, event.kind
                self.words = _words(event)
            case Segment.Described():
                self.words = _words(event)
            case Segment.Defined():
                self.segment_version, self.rule = event.segment_version, event.rule
            case Segment.Listed():
                self.segment_version = event.segment_version
                self.listed = PeopleList(people=event.people, path=event.path, sha256=event.sha256, origin=event.origin)
            case Segment.Activated():
                self.is_live = True
            case Segment.Deactivated():
                self.is_live = False
            case Segment.Archived():
                self.is_archived, self.is_live = True, False

    def _require_own(self) -> None:
        self._require_use()
        if self.key.startswith(SHIPPED):
            raise shipped_is_not_changed()

    def _require_use(self) -> None:
        if not self.exists:
            raise errors.SegmentNotFoundError("no segment has this key: create it first", field="key")
        if self.is_archived:
            raise errors.SegmentArchivedError("the segment is archived: create another", field="key")


def shipped_is_not_changed() -> errors.SegmentShippedError:
    """Return why a segment that comes with Koi stays as it is, and what to do instead."""
    detail = "the segment comes with Koi: follow it live, or name it in a rule of your own; it is not changed"
    return errors.SegmentShippedError(detail, field="key")


def _words(event: Segment.Created | Segment.Described) -> Words:
    return Words(
        name_zh=event.name_zh,
        name_en=event.name_en,
        meaning_zh=event.meaning_zh,
        meaning_en=event.meaning_en,
        owner=event.owner,
    )


def _checked(words: Words) -> Words:
    stripped = Words(**{name: value.strip() for name, value in msgspec.structs.asdict(words).items()})
    for field in ("name_zh", "name_en"):
        if not 0 < len(getattr(stripped, field)) <= _LONGEST_NAME:
            raise errors.SegmentTermsError(f"give a name of 1 to {_LONGEST_NAME} letters", field=field)
    return stripped

"""Take members: what a CRM says of many people at once, the good ones durably, the bad ones named by their place."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from commands.identity.customers import GivenIdentifier, SuppressedError, observed
from commands.identity.describing import Describing
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.identity.claim import Observed
from domain.identity.consent_words import ConsentState, ToldConsent
from domain.identity.customer import Customer
from domain.identity.naming import Naming
from domain.ingestion.tag_mapping import TagMapping
from domain.kernel.errors import DomainError, InvalidInputError
from domain.tags.words import Tag, TagList, Told

MOST_MEMBERS: Final = 1_000
_MOST_TAGS: Final = 500
_LONGEST_SOURCE: Final = 64


class GivenTag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tag under its name in the CRM, and its value if it has one."""

    name: str
    value: str = ""


class GivenTags(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tags the member has, and ones she has no more; `complete`: these and no others."""

    present: tuple[str | GivenTag, ...] = ()
    absent: tuple[str | GivenTag, ...] = ()
    complete: bool = False


class GivenConsent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the member said; a grant without `evidence` and `occurred_at` does not end a withdrawal."""

    channel: str
    purpose: str
    state: ConsentState
    text_version: str = ""
    evidence: str = ""
    occurred_at: datetime | None = None


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member: under which identifiers, and what the CRM says of her as of `occurred_at` (now, if left out)."""

    identifiers: tuple[GivenIdentifier, ...]
    attributes: dict[str, Any] = {}
    occurred_at: datetime | None = None
    consents: tuple[GivenConsent, ...] = ()
    tags: GivenTags | None = None


class TakeMembers(msgspec.Struct, frozen=True, kw_only=True):
    """Members as the CRM sends them, each to be read by itself; `source` stands beside every word."""

    source: str
    members: Sequence[Mapping[str, Any]]


class RefusedMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member that was not taken: its place in the batch (from 0), and what would be right."""

    index: int
    code: str
    detail: str
    field: str | None = None


class MembersTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the batch; `unmapped_tags` are kept as `crm.<source>.<name>`."""

    position: int
    accepted: int
    refused: list[RefusedMember]
    unmapped_tags: list[str]


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """A member that may be taken."""

    names: tuple[Observed, ...]
    attributes: dict[str, Any]
    occurred_at: datetime
    consents: tuple[ToldConsent, ...]
    tags: TagList | None


async def take_members(
    command: TakeMembers, *, by: Context, streams: Streams, naming: Naming, tags: TagMapping, describing: Describing
) -> MembersTaken:
    """Take the good members, all in one transaction with the command; raises `StaleVersionError` if one changed."""
    if not 0 < len(command.members) <= MOST_MEMBERS:
        raise InvalidInputError(f"send 1 to {MOST_MEMBERS} members at once", field="members")
    if not command.source.strip() or len(command.source) > _LONGEST_SOURCE or not command.source.isprintable():
        raise InvalidInputError(f"name the CRM, in at most {_LONGEST_SOURCE} characters", field="source")
    await streams.suppressions.refresh()
    reading = _Reading(command.source, naming, tags, describing, now())
    good: list[_Read] = []
    refused: list[RefusedMember] = []
    for index, member in enumerate(command.members):
        try:
            read = reading.member(member)
            if any(one.id in streams.suppressions for one in read.names):
                raise SuppressedError("was erased, and is kept out", field="identifiers")
            good.append(read)
        except DomainError as error:
            field = f"members[{index}].{error.field}" if error.field else f"members[{index}]"
            refused.append(RefusedMember(index=index, code=error.code, detail=error.detail, field=field))
    customers = await streams.load_many(Customer, [read.names[0].id for read in good])
    for read in good:
        _tell(customers[read.names[0].id], read, command.source, describing)
    unmapped = sorted(reading.unmapped)
    result = {"accepted": len(good), "refused": refused, "unmapped_tags": unmapped}
    saved = await streams.save(*customers.values(), by=by, result=result)
    return MembersTaken(position=saved.position, accepted=len(good), refused=refused, unmapped_tags=unmapped)


def _tell(customer: Customer, read: _Read, source: str, describing: Describing) -> None:
    customer.observe(read.names, read.occurred_at)
    if read.attributes:
        describing.describe(customer, read.attributes, source=source, said_at=read.occurred_at)
    if read.tags:
        customer.tag(read.tags)
    for word in read.consents:
        customer.hear_consent(word)


class _Reading:
    """Reads the members of one batch."""

    def __init__(
        self, source: str, naming: Naming, tags: TagMapping, describing: Describing, present: datetime
    ) -> None:
        self._source = source
        self._naming = naming
        self._tags = tags
        self._describing = describing
        self._present = present
        self.unmapped: set[str] = set()

    def member(self, given: Mapping[str, Any]) -> _Read:
        """Return the member; raises `DomainError` naming what is wrong with her."""
        try:
            member = msgspec.convert(given, Member)
        except msgspec.ValidationError as error:
            words, _, place = str(error).partition(" - at `$.")
            raise InvalidInputError(words.partition(" '")[0], field=place.rstrip("`") or None) from None
        occurred_at = self._moment(member.occurred_at, "occurred_at")
        return _Read(
            names=observed(member.identifiers, self._naming, self._describing),
            attributes=member.attributes,
            occurred_at=occurred_at,
            consents=tuple(self._consent(n, one, occurred_at) for n, one in enumerate(member.consents)),
            tags=self._tag_list(member.tags, occurred_at) if member.tags else None,
        )

    def _consent(self, number: int, given: GivenConsent, occurred_at: datetime) -> ToldConsent:
        field = f"consents[{number}]"
        if not given.channel.strip() or not given.purpose.strip():
            raise InvalidInputError("a consent is about a channel and a purpose", field=field)
        is_timed = given.occurred_at is not None
        return ToldConsent(
            channel=given.channel,
            purpose=given.purpose,
            state=given.state,
            text_version=given.text_version,
            source=self._source,
            occurred_at=self._moment(given.occurred_at, f"{field}.occurred_at") if is_timed else occurred_at,
            evidence=given.evidence,
            is_timed=is_timed,
        )

    def _tag_list(self, given: GivenTags, occurred_at: datetime) -> TagList:
        if len(given.present) + len(given.absent) > _MOST_TAGS:
            raise InvalidInputError(f"a member has at most {_MOST_TAGS} tags", field="tags")
        return TagList(
            source=self._source,
            occurred_at=occurred_at,
            present=tuple(self._told(one) for one in given.present),
            absent=tuple(self._absent(one) for one in given.absent),
            is_complete=given.complete,
        )

    def _told(self, given: str | GivenTag) -> Told:
        tag = GivenTag(name=given) if isinstance(given, str) else given
        told, is_known = self._tags.told(tag.name, tag.value)
        if not is_known:
            self.unmapped.add(told.tag.name)
        return told

    def _absent(self, given: str | GivenTag) -> Tag:
        return self._told(given).tag

    def _moment(self, given: datetime | None, field: str) -> datetime:
        if given is None:
            return self._present
        if given.tzinfo is None:
            raise InvalidInputError("a time needs its zone, such as 2026-11-23T09:00:00+08:00", field=field)
        return min(given.astimezone(UTC), self._present)

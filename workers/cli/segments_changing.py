"""`koi segments create|define|activate|deactivate|archive|upload|snapshot`: what changes segments."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from commands.runtime.clock import now
from commands.runtime.context import Context, Saved
from commands.segments.changing_segment import (
    ActivateSegment,
    ArchiveSegment,
    DeactivateSegment,
    DefineSegment,
    ShippedSegment,
    activate_segment,
    archive_segment,
    deactivate_segment,
    define_segment,
)
from commands.segments.create_segment import CreateSegment, create_segment
from commands.segments.upload_list import Mode, TakeSnapshot, Uploaded, UploadList, take_snapshot, upload_list
from domain.kernel.errors import InvalidInputError
from domain.kernel.rules.reading import written
from domain.segments.errors import SegmentInUseError, SegmentNotFoundError
from domain.segments.segment import Words
from projections.segment_catalogue import queries
from projections.segment_catalogue.shipped import shipped
from projections.segment_members import people
from projections.segment_members.checking import as_of, checked, of_segment
from projections.segment_members.used_by import used_by
from workers.segments import showing
from workers.segments.opening import Opened, acting

_BY = Context(actor="koi segments")

AsJson = Annotated[bool, Parameter(name="--json", negative=())]


def create(
    key: str, rule: Path | None = None, *, zh: str, en: str, meaning: str = "", owner: str = "", as_json: AsJson = False
) -> None:
    """Create a segment by a rule, or, without one, as a list to be filled by `upload`.

    Args:
        key: What rules and facts call it: small letters, digits and _.
        rule: A file with the rule as JSON; `koi segments say FILE` checks it.
        zh: Its name in Chinese.
        en: Its name in English.
        meaning: What it means, in a sentence.
        owner: Who answers for it.
        as_json: One JSON document.
    """
    words = Words(name_zh=zh, name_en=en, meaning_zh=meaning, meaning_en=meaning, owner=owner)
    data = None if rule is None else _read(rule)

    async def act(open_: Opened) -> Saved:
        made = await _checked(open_, key, data) if data is not None else None
        return await create_segment(CreateSegment(key=key, words=words, rule=made), streams=open_.store.streams, by=_BY)

    _tell(asyncio.run(acting(act)), f"{key} is created", as_json=as_json)


def define(key: str, rule: Path, *, as_json: AsJson = False) -> None:
    """Give a segment another rule, as its next version; its history is the new rule's from the first day on.

    Args:
        key: The segment.
        rule: A file with the rule as JSON.
        as_json: One JSON document.
    """
    data = _read(rule)

    async def act(open_: Opened) -> Saved:
        made = await _checked(open_, key, data)
        return await define_segment(DefineSegment(key=key, rule=made), streams=open_.store.streams, by=_BY)

    _tell(asyncio.run(acting(act)), f"{key} is defined anew", as_json=as_json)


def activate(key: str, *, as_json: AsJson = False) -> None:
    """Follow a segment live: who enters and who leaves is told within a second, and journeys can begin on it.

    Args:
        key: The segment.
        as_json: One JSON document.
    """
    found = shipped().get(key)
    comes = None if found is None else ShippedSegment(words=found.words, rule=found.rule)
    command = ActivateSegment(key=key, shipped=comes)
    saved = _changed(lambda open_: activate_segment(command, streams=open_.store.streams, by=_BY))
    _tell(saved, f"{key} is followed live", as_json=as_json)


def deactivate(key: str, *, as_json: AsJson = False) -> None:
    """Follow a segment no more; who is in it is still worked out when asked.

    Args:
        key: The segment.
        as_json: One JSON document.
    """
    saved = _changed(lambda open_: deactivate_segment(DeactivateSegment(key=key), streams=open_.store.streams, by=_BY))
    _tell(saved, f"{key} is followed no more", as_json=as_json)


def archive(key: str, *, reason: str, as_json: AsJson = False) -> None:
    """Put a segment away for good, unless something is made of it.

    Args:
        key: The segment.
        reason: Why.
        as_json: One JSON document.
    """

    async def act(open_: Opened) -> Saved:
        names = await open_.everybody.names()
        uses = await used_by(open_.store.pool, key, names.definitions)
        if uses:
            shown = ", ".join(f"{use.kind} {use.name}" for use in uses)
            raise SegmentInUseError(f"{len(uses)} use it, change them first: {shown}", field="key")
        return await archive_segment(ArchiveSegment(key=key, reason=reason), streams=open_.store.streams, by=_BY)

    _tell(asyncio.run(acting(act)), f"{key} is archived", as_json=as_json)


def upload(key: str, file: Path, *, mode: Mode = "replace", as_json: AsJson = False) -> None:
    """Fill a list: good lines are taken, bad ones named by their number; no identifier is kept.

    Args:
        key: The segment, created without a rule.
        file: A customer id or type:value a line, or CSV whose first line names its columns (phone, member_code ...).
        mode: replace the list there is, add to it, or remove from it.
        as_json: One JSON document.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{file.name} cannot be read as UTF-8: {type(error).__name__}", field="file") from None

    async def act(open_: Opened) -> Uploaded:
        return await upload_list(
            UploadList(key=key, list=text, mode=mode),
            streams=open_.store.streams,
            pool=open_.store.pool,
            lake_url=open_.lake_url,
            naming=open_.naming,
            named=open_.everybody.named,
            by=_BY,
        )

    with showing.working("reading the list", shown=not as_json):
        told = asyncio.run(acting(act)).report
    if as_json:
        showing.as_document(told)
        return
    showing.said(f"{told['people']:,} people are in {key}")
    showing.said(f"lines: {told['taken']:,} taken, {told['unknown']:,} of nobody known, {told['bad']:,} bad")
    for fault in told["faults"]:
        showing.said(f"  line {fault.line}: {fault.why}")


def snapshot(key: str, to: str, *, zh: str, en: str, at: datetime | None = None, as_json: AsJson = False) -> None:
    """Keep who is in a segment, or was as of an instant, as a list of its own.

    Args:
        key: The segment.
        to: The key of the list to make.
        zh: The list's name in Chinese.
        en: Its name in English.
        at: As of this instant, with its zone; now, if left out.
        as_json: One JSON document.
    """
    when = as_of(at, now())

    async def act(open_: Opened) -> Saved:
        names = await open_.everybody.names()
        rule = of_segment(key, names).resolved
        segment = await queries.segment(open_.store.pool, key)
        if segment is None:
            raise SegmentNotFoundError("no segment has this key", field="key")
        command = TakeSnapshot(
            key=to,
            words=Words(name_zh=zh, name_en=en),
            people=await people.everyone_in(open_.everybody, rule, when),
            of=key,
            of_version=segment.meant.segment_version if segment.meant else 0,
            as_of=when,
        )
        store = open_.store
        return await take_snapshot(command, streams=store.streams, pool=store.pool, lake_url=open_.lake_url, by=_BY)

    with showing.working("walking through everybody", shown=not as_json):
        saved = asyncio.run(acting(act))
    _tell(saved, f"{to} holds who was in {key} as of {when:%Y-%m-%d %H:%M}Z", as_json=as_json)


def _read(file: Path) -> object:
    try:
        found: object = msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise InvalidInputError(f"{file.name} is no rule as JSON: {error}", field="rule") from None
    return found


async def _checked(open_: Opened, key: str, data: object) -> dict[str, Any]:
    found: dict[str, Any] = written(checked(data, await open_.everybody.names(), key=key).rule)
    return found


def _changed(change: Callable[[Opened], Awaitable[Saved]]) -> Saved:
    return asyncio.run(acting(change))


def _tell(saved: Saved, words: str, *, as_json: bool) -> None:
    showing.as_document(saved) if as_json else showing.said(words)

"""Fill a segment that is a list: from what somebody hands over, or from who was in another segment as of an instant."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec

from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from commands.segments.keep_list import keep_list, people_in
from commands.segments.loading import load_segment
from commands.segments.reading_list import read_list
from domain.identity.naming import Naming
from domain.segments.errors import SegmentKindError
from domain.segments.segment import Segment, Words, segment_stream

_SHOWN: Final = 100
# What the new list does with the one before.
Mode = Literal["replace", "add", "remove"]
# Gives the profile of each id of a customer or an identifier; of who is not known, or is several people, none.
Named = Callable[[Iterable[UUID]], Awaitable[Mapping[UUID, UUID]]]


class UploadList(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a list (`reading_list.py` says its form); `add` and `remove` change the list there is."""

    key: str
    list: str
    mode: Mode = "replace"
    expected_version: int | None = None


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a list: how many people are in it now, and which lines were not taken."""

    saved: Saved
    report: dict[str, Any]


class TakeSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Make a new list of the people who were in a segment as of an instant."""

    key: str
    words: Words
    people: Collection[UUID]
    of: str
    of_version: int
    as_of: datetime


async def upload_list(
    command: UploadList,
    *,
    streams: Streams,
    pool: asyncpg.Pool,
    lake_url: str,
    naming: Naming,
    named: Named,
    by: Context,
) -> Uploaded:
    """Take the good lines and name the others; raises `ListError` if none is good, or what `list_segment` raises."""
    segment = await load_segment(streams, command.key, command.expected_version)
    if segment.kind != "static":
        raise SegmentKindError("the segment has a rule: upload a list into one that was created without", field="key")
    # Each line that names somebody costs a keyed hash, and there may be millions: others are served meanwhile.
    read = await asyncio.to_thread(read_list, command.list, naming)
    profiles = await named(read.named)
    unknown = sorted(line for one, line in read.named.items() if one not in profiles)
    origin: dict[str, Any] = {"upload": command.mode, "taken": len(profiles), "unknown": len(unknown), "bad": read.bad}
    async with pool.acquire() as connection:
        before = set(await people_in(connection, segment.listed)) if command.mode != "replace" else set()
        people = before - set(profiles.values()) if command.mode == "remove" else before | set(profiles.values())
        listed = await keep_list(connection, lake_url, command.key, people, origin)
    segment.put_list(listed)
    report = origin | {"people": listed.people, "unknown_lines": unknown[:_SHOWN], "faults": read.faults}
    result = {"id": segment.id, "version": segment.version, "segment_version": segment.segment_version, **report}
    return Uploaded(saved=await streams.save(segment, by=by, result=result), report=report)


async def take_snapshot(
    command: TakeSnapshot, *, streams: Streams, pool: asyncpg.Pool, lake_url: str, by: Context
) -> Saved:
    """Take it; raises `SegmentExistsError` or `SegmentTermsError`."""
    segment = await streams.load(Segment, segment_stream(command.key))
    segment.create(command.key, command.words)
    origin = {"segment": command.of, "version": command.of_version, "as_of": command.as_of.isoformat()}
    async with pool.acquire() as connection:
        listed = await keep_list(connection, lake_url, command.key, command.people, origin)
    segment.put_list(listed)
    result = {"id": segment.id, "version": segment.version, "people": listed.people}
    return await streams.save(segment, by=by, result=result)

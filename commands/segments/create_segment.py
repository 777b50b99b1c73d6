"""Create a segment: by a rule, or as a list that is filled afterwards."""

from typing import Any

import msgspec

from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from domain.segments.segment import Segment, Words, segment_stream


class CreateSegment(msgspec.Struct, frozen=True, kw_only=True):
    """The rule in its JSON form, already checked against what exists; without one the segment is a list."""

    key: str
    words: Words
    rule: dict[str, Any] | None = None


async def create_segment(command: CreateSegment, *, streams: Streams, by: Context) -> Saved:
    """Create it; raises `SegmentExistsError` or `SegmentTermsError`."""
    segment = await streams.load(Segment, segment_stream(command.key))
    segment.create(command.key, command.words, rule=command.rule)
    return await streams.save(segment, by=by, result={"id": segment.id, "version": segment.version})

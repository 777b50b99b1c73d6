"""Change a segment: its words, its rule, whether its changes are told; and end it."""

from typing import Any

import msgspec

from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from commands.segments.loading import load_segment, require_version
from domain.segments.segment import PeopleList, Segment, Words, segment_stream


class DescribeSegment(msgspec.Struct, frozen=True, kw_only=True):
    """Say its names, meaning and owner anew."""

    key: str
    words: Words
    expected_version: int | None = None


class DefineSegment(msgspec.Struct, frozen=True, kw_only=True):
    """Give it another rule, in its JSON form and already checked against what exists."""

    key: str
    rule: dict[str, Any]
    expected_version: int | None = None


class ListSegment(msgspec.Struct, frozen=True, kw_only=True):
    """Give a static segment another list, whose file is written already."""

    key: str
    listed: PeopleList
    expected_version: int | None = None


class ShippedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as it comes with Koi by now: its words, and its rule in JSON form."""

    words: Words
    rule: dict[str, Any]


class ActivateSegment(msgspec.Struct, frozen=True, kw_only=True):
    """Tell from now on who enters and leaves; one that comes with Koi is taken into history as it is `shipped`."""

    key: str
    shipped: ShippedSegment | None = None
    expected_version: int | None = None


class DeactivateSegment(msgspec.Struct, frozen=True, kw_only=True):
    """Tell it no more."""

    key: str
    expected_version: int | None = None


class ArchiveSegment(msgspec.Struct, frozen=True, kw_only=True):
    """End it; why. Whoever asks has made sure that nothing names it."""

    key: str
    reason: str
    expected_version: int | None = None


async def describe_segment(command: DescribeSegment, *, streams: Streams, by: Context) -> Saved:
    """Describe it; raises `SegmentNotFoundError`, `SegmentArchivedError` or `SegmentTermsError`."""
    segment = await load_segment(streams, command.key, command.expected_version)
    segment.describe(command.words)
    return await _saved(segment, streams=streams, by=by)


async def define_segment(command: DefineSegment, *, streams: Streams, by: Context) -> Saved:
    """Define it anew; raises `SegmentNotFoundError`, `SegmentArchivedError` or `SegmentKindError`."""
    segment = await load_segment(streams, command.key, command.expected_version)
    segment.define(command.rule)
    return await _saved(segment, streams=streams, by=by)


async def list_segment(command: ListSegment, *, streams: Streams, by: Context) -> Saved:
    """Fill it; raises `SegmentNotFoundError`, `SegmentArchivedError` or `SegmentKindError`."""
    segment = await load_segment(streams, command.key, command.expected_version)
    segment.put_list(command.listed)
    return await _saved(segment, streams=streams, by=by)


async def activate_segment(command: ActivateSegment, *, streams: Streams, by: Context) -> Saved:
    """Activate it; raises `SegmentNotFoundError` or `SegmentArchivedError`."""
    if command.shipped is None:
        segment = await load_segment(streams, command.key, command.expected_version)
    else:
        segment = await streams.load(Segment, segment_stream(command.key))
        require_version(segment, command.expected_version)
        segment.adopt(command.key, command.shipped.words, command.shipped.rule)
    segment.activate()
    return await _saved(segment, streams=streams, by=by)


async def deactivate_segment(command: DeactivateSegment, *, streams: Streams, by: Context) -> Saved:
    """Deactivate it; raises `SegmentNotFoundError` or `SegmentArchivedError`."""
    segment = await load_segment(streams, command.key, command.expected_version)
    segment.deactivate()
    return await _saved(segment, streams=streams, by=by)


async def archive_segment(command: ArchiveSegment, *, streams: Streams, by: Context) -> Saved:
    """Archive it; raises `SegmentNotFoundError` or `SegmentArchivedError`."""
    segment = await load_segment(streams, command.key, command.expected_version)
    segment.archive(command.reason)
    return await _saved(segment, streams=streams, by=by)


async def _saved(segment: Segment, *, streams: Streams, by: Context) -> Saved:
    return await streams.save(segment, by=by, result={"id": segment.id, "version": segment.version})

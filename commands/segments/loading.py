"""Load a segment as the one who asks believes it to be."""

from commands.runtime.streams import Streams
from domain.kernel.errors import StaleVersionError
from domain.segments.errors import SegmentNotFoundError
from domain.segments.segment import Segment, segment_stream


async def load_segment(streams: Streams, key: str, expected_version: int | None = None) -> Segment:
    """Return the segment; raises `SegmentNotFoundError`, or `StaleVersionError` if it is not at that version."""
    segment = await streams.load(Segment, segment_stream(key))
    if not segment.exists:
        raise SegmentNotFoundError("no segment has this key: create it first", field="key")
    if expected_version not in (None, segment.version):
        raise StaleVersionError(f"the segment is at version {segment.version}: read it again and decide anew")
    return segment

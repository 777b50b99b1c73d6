"""Load a segment as the one who asks believes it to be."""

from commands.runtime.streams import Streams
from domain.kernel.errors import StaleVersionError
from domain.segments.errors import SegmentNotFoundError
from domain.segments.segment import SHIPPED, Segment, segment_stream, shipped_is_not_changed


async def load_segment(streams: Streams, key: str, expected_version: int | None = None) -> Segment:
    """Return the segment.

    Raises `SegmentNotFoundError`, `StaleVersionError` if it is not at that version, or `SegmentShippedError` for one
    that comes with Koi and that nobody follows live yet.
    """
    segment = await streams.load(Segment, segment_stream(key))
    if not segment.exists and key.startswith(SHIPPED):
        raise shipped_is_not_changed()
    if not segment.exists:
        raise SegmentNotFoundError("no segment has this key: create it first", field="key")
    require_version(segment, expected_version)
    return segment


def require_version(segment: Segment, expected_version: int | None) -> None:
    """Raise `StaleVersionError` if the segment is not at the version that was seen; None: at whichever."""
    if expected_version not in (None, segment.version):
        raise StaleVersionError(f"the segment is at version {segment.version}: read it again and decide anew")

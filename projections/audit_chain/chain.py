"""The chain: each link is a SHA-256 over the link before and everything the log holds about one event."""

import hashlib
import struct
from collections.abc import Iterable, Iterator

import msgspec

from projections.engine.page import Entry

CHECKPOINT_EVERY = 1_000
_pack = struct.Struct(">32sq16sqi").pack


class Link(msgspec.Struct, frozen=True):
    """The chain after so many events, the last of them at `position`."""

    events: int
    position: int
    hash: bytes


START = Link(0, 0, bytes(32))


def links(start: Link, entries: Iterable[Entry]) -> Iterator[Link]:
    """Continue the chain, yielding the link of every thousandth event and the last link, if that is another one.

    hash = SHA-256(previous hash, position, stream id, version, length of the topic, topic, state), numbers big-endian.
    """
    events, position, digest, is_told = start.events, start.position, start.hash, True
    for entry in entries:
        topic = entry.topic.encode()
        head = _pack(digest, entry.position, entry.stream_id.bytes, entry.version, len(topic))
        digest = hashlib.sha256(b"".join((head, topic, entry.state))).digest()
        events, position = events + 1, entry.position
        is_told = events % CHECKPOINT_EVERY == 0
        if is_told:
            yield Link(events, position, digest)
    if not is_told:
        yield Link(events, position, digest)

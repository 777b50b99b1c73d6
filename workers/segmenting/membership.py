"""Who is in: a roaring bitmap a segment over dense person numbers, kept in rows of 65,536 numbers each."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from pyroaring import BitMap

from projections.engine.projection import Reading

# What one container of a roaring bitmap covers, so that a row is at most about 8 KB.
CHUNK: Final = 1 << 16
_LOAD = "SELECT key, numbers FROM segmenting.member"


class Chunk(msgspec.Struct, frozen=True):
    """A stretch of a segment's members as stored; None: there are none left in it."""

    key: str
    chunk: int
    numbers: bytes | None


class Membership:
    """The members of all segments, in memory; what changed since `changed` was last asked has to be stored."""

    def __init__(self, members: Mapping[str, BitMap] | None = None) -> None:
        """Take the members as stored."""
        self._members: dict[str, BitMap] = dict(members or {})
        self._touched: set[tuple[str, int]] = set()
        self._extents = {key: _chunks(members) for key, members in self._members.items()}

    @classmethod
    async def load(cls, connection: Reading) -> "Membership":
        """Read them from the database."""
        members: dict[str, BitMap] = {}
        for row in await connection.fetch(_LOAD):
            members.setdefault(row["key"], BitMap()).update(BitMap.deserialize(row["numbers"]))
        return cls(members)

    def has(self, key: str, number: int) -> bool:
        """Whether the person is in the segment."""
        members = self._members.get(key)
        return members is not None and number in members

    def put(self, key: str, number: int, *, is_in: bool) -> None:
        """Let the person be in the segment, or out of it."""
        members = self._members.setdefault(key, BitMap())
        if (number in members) != is_in:
            (members.add if is_in else members.discard)(number)
            self._touched.add((key, number // CHUNK))

    def replace(self, key: str, among: BitMap, members: BitMap) -> None:
        """Let these, of those `among`, be in the segment; all others stay as they are."""
        before = self._members.get(key, BitMap())
        after = self._members[key] = (before - among) | members
        changed = before ^ after
        self._touched.update((key, one) for one in _occupied(changed))

    def of(self, number: int) -> frozenset[str]:
        """Return the segments the person is in."""
        return frozenset(key for key, members in self._members.items() if number in members)

    def drop(self, key: str) -> None:
        """Forget a segment; its rows are the caller's to delete."""
        self._members.pop(key, None)
        self._extents.pop(key, None)
        self._touched = {touched for touched in self._touched if touched[0] != key}

    def members(self, key: str) -> BitMap:
        """Return who is in the segment."""
        return self._members.get(key, BitMap())

    def size(self, key: str) -> int:
        """Return how many are in the segment."""
        return len(self._members.get(key, ()))

    def changed(self) -> list[Chunk]:
        """Return the stretches that changed since this was last asked."""
        touched, self._touched = sorted(self._touched), set()
        return [Chunk(key, chunk, self._stored(key, chunk)) for key, chunk in touched]

    def stored(self, keys: Iterable[str]) -> dict[str, int]:
        """Return how many stretches of each segment are stored."""
        return {key: self._extents.get(key, 0) for key in keys}

    def extents(self, keys: Iterable[str]) -> dict[str, int]:
        """Return those of the segments that have another number of stretches than when this was last asked."""
        counted = {key: _chunks(self._members.get(key, BitMap())) for key in keys}
        found = {key: count for key, count in counted.items() if self._extents.get(key, 0) != count}
        self._extents |= found
        return found

    def _stored(self, key: str, chunk: int) -> bytes | None:
        first = chunk * CHUNK
        members = self._members[key] & BitMap(range(first, first + CHUNK))
        return members.serialize() if members else None


def _occupied(numbers: BitMap) -> Iterator[int]:
    """Yield the stretches in which there is anybody."""
    chunks = range(numbers.max() // CHUNK + 1) if numbers else range(0)
    return (one for one in chunks if numbers.range_cardinality(one * CHUNK, (one + 1) * CHUNK))


def _chunks(members: BitMap) -> int:
    return sum(1 for _ in _occupied(members))

"""Who is in: a roaring bitmap a segment over dense person numbers, kept in rows of 65,536 numbers each."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import asyncpg
import msgspec
from pyroaring import BitMap

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

    @classmethod
    async def load(cls, connection: asyncpg.Connection) -> "Membership":
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

    def of(self, number: int) -> frozenset[str]:
        """Return the segments the person is in."""
        return frozenset(key for key, members in self._members.items() if number in members)

    def drop(self, key: str) -> None:
        """Forget a segment; its rows are the caller's to delete."""
        self._members.pop(key, None)
        self._touched = {touched for touched in self._touched if touched[0] != key}

    def size(self, key: str) -> int:
        """Return how many are in the segment."""
        return len(self._members.get(key, ()))

    def changed(self) -> list[Chunk]:
        """Return the stretches that changed since this was last asked."""
        touched, self._touched = sorted(self._touched), set()
        return [Chunk(key, chunk, self._stored(key, chunk)) for key, chunk in touched]

    def _stored(self, key: str, chunk: int) -> bytes | None:
        first = chunk * CHUNK
        members = self._members[key] & BitMap(range(first, first + CHUNK))
        return members.serialize() if members else None


def numbers_in(rows: Iterable[bytes]) -> Iterator[int]:
    """Yield the numbers of stored stretches, in order within each."""
    for stored in rows:
        yield from BitMap.deserialize(stored)

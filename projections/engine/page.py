"""A page of the decision log: the events after a position, and the facts its seals make part of history."""

from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cached_property
from uuid import UUID

import asyncpg
import msgspec

from domain.activity.sealing import FactsSealed
from domain.kernel.event import upcasters

MOST_EVENTS = 5_000
MOST_FACTS = 200_000
END = 2**63 - 1

# Events of other topics keep their row, since it moves the position; their content stays in the database.
_READ = """
    SELECT notification_id, originator_id, originator_version, topic,
           CASE WHEN $4::text[] IS NULL OR topic = ANY($4) THEN state ELSE '' END AS state
    FROM decision_log WHERE notification_id > $1 AND notification_id <= $2 ORDER BY notification_id LIMIT $3
"""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One event as stored; views decode the few fields they need, and never a sealed value."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    state: bytes


class Seal(msgspec.Struct, frozen=True):
    """What a seal says about where its facts lie."""

    first_id: int
    last_id: int
    count: int
    recorded_at: datetime


class FactRange(msgspec.Struct, frozen=True):
    """Facts with contiguous ids, all of them sealed: `bounds` are the parameters of a query over them."""

    recorded_from: datetime
    recorded_to: datetime
    first_id: int
    last_id: int

    @property
    def bounds(self) -> tuple[datetime, datetime, int, int]:
        """For `WHERE recorded_at BETWEEN $1 AND $2 AND fact_id BETWEEN $3 AND $4`."""
        return (self.recorded_from, self.recorded_to, self.first_id, self.last_id)


decode_seal: Callable[[bytes], Seal] = msgspec.json.Decoder(Seal).decode


def seal_of(entry: Entry) -> Seal:
    """Return what a seal says."""
    return decode_seal(entry.state)


class Page:
    """The events after position `after` up to and including `upto`, in order; immutable."""

    def __init__(self, after: int, upto: int, entries: Sequence[Entry], *, is_full: bool = False) -> None:
        """Take the entries; `is_full` says that more were there than a page holds."""
        self.after = after
        self.upto = upto
        self.entries = entries
        self.is_full = is_full

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened after the position."""
        return not self.entries

    @cached_property
    def _by_topic(self) -> dict[str, list[Entry]]:
        grouped: dict[str, list[Entry]] = {}
        for entry in self.entries:
            current = _current(entry) if entry.topic in upcasters else entry
            grouped.setdefault(current.topic, []).append(current)
        return grouped

    def has(self, topics: AbstractSet[str]) -> bool:
        """Whether any event has one of the topics."""
        return not self._by_topic.keys().isdisjoint(topics)

    def has_others(self, topics: AbstractSet[str]) -> bool:
        """Whether any event has a topic that is none of these."""
        return bool(self._by_topic.keys() - topics)

    def of(self, *topics: str) -> list[Entry]:
        """Return the events of these topics in order, old versions read as their successors."""
        found = [self._by_topic[topic] for topic in topics if topic in self._by_topic]
        if len(found) == 1:
            return found[0]
        return sorted((entry for entries in found for entry in entries), key=_position)

    @cached_property
    def seals(self) -> list[tuple[Entry, Seal]]:
        """The seals with what they say, in order; none if the page was read without them."""
        return [(entry, seal_of(entry)) for entry in self.of(FactsSealed.TOPIC) if entry.state]

    @cached_property
    def fact_ranges(self) -> list[FactRange]:
        """Where the page's facts lie: neighbouring batches with contiguous ids are one range."""
        return coalesced(seal for _, seal in self.seals)

    @cached_property
    def facts(self) -> int:
        """How many facts the page makes part of history."""
        return sum(seal.count for _, seal in self.seals)

    def halves(self) -> tuple["Page", "Page"]:
        """Return the page as two, of about as many events each."""
        middle = len(self.entries) // 2
        first, second = self.entries[:middle], self.entries[middle:]
        border = first[-1].position if first else self.after
        return Page(self.after, border, first), Page(border, self.upto, second)

    def without(self, streams: Collection[UUID]) -> "Page":
        """Return the page as it is without the events of these streams."""
        return Page(self.after, self.upto, [entry for entry in self.entries if entry.stream_id not in streams])


def coalesced(seals: Iterable[Seal]) -> list[FactRange]:
    """Return the facts of the seals as few ranges as their ids allow."""
    ranges: list[FactRange] = []
    for seal in sorted(seals, key=_first_id):
        last = ranges[-1] if ranges else None
        if last and last.last_id + 1 == seal.first_id:
            earliest, latest = min(last.recorded_from, seal.recorded_at), max(last.recorded_to, seal.recorded_at)
            ranges[-1] = FactRange(earliest, latest, last.first_id, seal.last_id)
        else:
            ranges.append(FactRange(seal.recorded_at, seal.recorded_at, seal.first_id, seal.last_id))
    return ranges


async def read_page(
    connection: asyncpg.Connection,
    after: int,
    *,
    upto: int = END,
    topics: Collection[str] | None = None,
    events: int = MOST_EVENTS,
    facts: int = MOST_FACTS,
) -> Page:
    """Return the next page: at most so many events and, beyond its first seal, so many facts.

    With `topics` the state of events of other topics is left out (empty). The log's writers hold its lock until they
    have committed, so what this sees never has a hole that could fill later.
    """
    rows = await connection.fetch(_READ, after, upto, events, None if topics is None else _with_retired(topics))
    entries = _within([Entry(*row) for row in rows], facts)
    is_full = len(rows) == events or len(entries) < len(rows)
    return Page(after, entries[-1].position if entries else after, entries, is_full=is_full)


def _within(entries: list[Entry], most_facts: int) -> list[Entry]:
    facts = 0
    for index, entry in enumerate(entries):
        if entry.topic == FactsSealed.TOPIC and entry.state:
            count = seal_of(entry).count
            if facts and facts + count > most_facts:
                return entries[:index]
            facts += count
    return entries


def _with_retired(topics: Collection[str]) -> list[str]:
    return [*topics, *(retired for retired in upcasters if _successor(retired) in topics)]


def _successor(topic: str) -> str:
    while topic in upcasters:
        topic, _ = upcasters[topic]
    return topic


def _current(entry: Entry) -> Entry:
    topic, state = entry.topic, entry.state
    if state:
        document = msgspec.json.decode(state)
        while topic in upcasters:
            topic, change = upcasters[topic]
            document = change(document)
        state = msgspec.json.encode(document)
    return Entry(entry.position, entry.stream_id, entry.version, _successor(topic), state)


def _position(entry: Entry) -> int:
    return entry.position


def _first_id(seal: Seal) -> int:
    return seal.first_id

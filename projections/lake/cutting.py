"""Where segments end: a pure function of the log, whatever pages it is read in."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from domain.activity.sealing import FactsSealed, FileImported
from projections.engine.page import Entry, seal_of

MOST_ROWS = 500_000
LONGEST_GAP = timedelta(hours=1)


class Open(msgspec.Struct, frozen=True):
    """The segment being filled: begins after `closed_at`, holds so many rows, its last facts came at `recorded_at`."""

    closed_at: int
    rows: int
    recorded_at: datetime | None


class Segment(msgspec.Struct, frozen=True):
    """A finished stretch of the log: after `after`, up to and including `upto`."""

    after: int
    upto: int


def cut(state: Open, after: int, entries: Iterable[Entry], most_rows: int = MOST_ROWS) -> tuple[list[Segment], Open]:
    """Return the segments that end within the entries (which begin after position `after`), and what stays open.

    A segment ends when it holds `most_rows` rows, when a file has been imported to its end, and before facts that come
    after more than an hour without any.
    """
    segments: list[Segment] = []
    closed_at, rows, recorded_at, previous = state.closed_at, state.rows, state.recorded_at, after
    for entry in entries:
        if entry.topic == FactsSealed.TOPIC:
            seal = seal_of(entry)
            if recorded_at and seal.recorded_at - recorded_at > LONGEST_GAP and rows:
                segments.append(Segment(closed_at, previous))
                closed_at, rows = previous, 0
            rows += seal.count
            recorded_at = seal.recorded_at
        rows += 1
        previous = entry.position
        if rows >= most_rows or entry.topic == FileImported.TOPIC:
            segments.append(Segment(closed_at, entry.position))
            closed_at, rows = entry.position, 0
    return segments, Open(closed_at, rows, recorded_at)

"""Where a segment of the lake ends depends on the log alone."""

from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.activity.sealing import FactsSealed, FileImported
from domain.kernel.event import NIL
from projections.engine.page import Entry, Seal
from projections.lake.cutting import Open, Segment, cut
from tests.projections.log import NOON

SEALS = st.builds(lambda count, minutes: (count, minutes), st.integers(1, 60), st.sampled_from([0, 1, 59, 60, 61, 500]))
LOG = st.lists(st.one_of(SEALS, st.just("imported"), st.just("decided")), max_size=40)
START = Open(0, 0, None)


def _entries(log: list[object]) -> list[Entry]:
    entries, now = [], NOON
    for position, happened in enumerate(log, start=1):
        topic, state = "campaign.launched.v1", b"{}"
        if isinstance(happened, tuple):
            count, minutes = happened
            now += timedelta(minutes=minutes)
            topic, state = FactsSealed.TOPIC, msgspec.json.encode(Seal(1, count, count, now))
        elif happened == "imported":
            topic = FileImported.TOPIC
        entries.append(Entry(position, NIL, position, topic, state))
    return entries


@given(log=LOG, cuts=st.lists(st.integers(1, 7), min_size=40, max_size=40))
def test_segments_are_the_same_however_the_log_is_cut_into_pages(log: list[object], cuts: list[int]) -> None:
    """So a replay in large pages writes the files that a live view wrote in small ones."""
    entries = _entries(log)
    whole, still_open = cut(START, 0, entries, most_rows=100)

    found: list[Segment] = []
    state, start = START, 0
    for size in cuts:
        page = entries[start : start + size]
        segments, state = cut(state, start, page, most_rows=100)
        found, start = found + segments, start + len(page)

    assert found == whole
    assert state == still_open


@given(log=LOG)
def test_segments_lie_end_to_end(log: list[object]) -> None:
    """Every position is in exactly one segment or in what is still open, and none grows beyond bounds."""
    segments, still_open = cut(START, 0, _entries(log), most_rows=100)

    borders = [0, *(segment.upto for segment in segments)]
    assert [segment.after for segment in segments] == borders[:-1]
    assert all(segment.upto > segment.after for segment in segments)
    assert still_open.closed_at == borders[-1]
    assert still_open.rows < 100

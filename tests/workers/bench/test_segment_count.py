"""The bench counts what numpy counts, both ways."""

from workers.bench.segment_count import segment_count


async def test_both_ways_count_whom_a_scan_counts() -> None:
    """A fast wrong number would be worth nothing."""
    report = await segment_count(20_000)
    assert report.lost == 0
    assert report.further["people meant"] > 0

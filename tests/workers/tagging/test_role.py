"""When tags are built: at the hour of the zone, once, and what was missed is made up for."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from projections.batch.writing import Manifest
from workers.tagging.role import is_missing, last_due

SHANGHAI = ZoneInfo("Asia/Shanghai")


def a_build(at: datetime) -> Manifest:
    """A build as of an instant."""
    return Manifest(at, "c", 1, {}, ())


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 3, 1, 18, 59, tzinfo=UTC), datetime(2026, 2, 28, 19, tzinfo=UTC)),
        (datetime(2026, 3, 1, 19, 0, tzinfo=UTC), datetime(2026, 3, 1, 19, tzinfo=UTC)),
        (datetime(2026, 3, 2, 12, 0, tzinfo=UTC), datetime(2026, 3, 1, 19, tzinfo=UTC)),
    ],
)
def test_the_hour_is_that_of_the_zone(instant: datetime, expected: datetime) -> None:
    """Three in the morning in Shanghai is seven in the evening before in UTC."""
    assert last_due(instant, SHANGHAI, 3) == expected


def test_a_night_that_was_missed_is_made_up_for() -> None:
    """A place that never built waits for its first night; then every hour that struck is due, once."""
    due, began = datetime(2026, 3, 1, 19, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert not is_missing(due, [], began)
    assert is_missing(due, [], datetime(2026, 3, 1, 18, tzinfo=UTC))
    assert is_missing(due, [a_build(datetime(2026, 2, 28, 19, tzinfo=UTC))], began)
    assert not is_missing(due, [a_build(due)], began)

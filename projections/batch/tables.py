"""Small tables that every engine joins."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import pyarrow as pa

from projections.batch.compiling.rows import FieldColumn
from projections.batch.lakehouse import Lakehouse

_EPOCH: Final = date(1970, 1, 1)
DAY_MICROS: Final = 86_400_000_000
_DAYS: Final = 18_300
# The fields that the calendar tells.
DAY_FIELDS: Final = frozenset({"day_kind", "is_workday"})


def days_table(lakehouse: Lakehouse, until: int) -> pa.Table:
    """Return what the calendar says of the days there may be: of the last fifty years, and of those to come."""
    last = until // DAY_MICROS + 2
    rows = [(number, lakehouse.day(_EPOCH + timedelta(days=number))) for number in range(max(0, last - _DAYS), last)]
    told = [(number, day.kind, day.is_workday) for number, day in rows if day is not None]
    return pa.table(
        {
            "day": pa.array([one[0] for one in told], pa.int32()),
            "day_kind": pa.array([one[1] for one in told], pa.string()),
            "is_workday": pa.array([one[2] for one in told], pa.bool_()),
        }
    )


def uses_days(columns: Mapping[str, FieldColumn]) -> bool:
    """Say whether any column is what the calendar says."""
    return any(one.field in DAY_FIELDS for one in columns.values())

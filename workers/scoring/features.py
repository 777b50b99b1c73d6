"""What models go by, as values of the rule language, so that batch and live come to the same; and tables as arrays."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from domain.kernel.rules.tree import Between, Last, Measure, Value, Window
from workers.scoring.kind import Numbers

BOUGHT: Final = ("order.completed",)
MONEY: Final = ("order.completed", "order.refunded")
_INSTANT: Final = timedelta(microseconds=1)


def purchase_days(within: Window | None = None) -> Value:
    """On how many days somebody bought."""
    return Measure(events=BOUGHT, take="active_days", within=within)


def spent(within: Window | None = None) -> Value:
    """What somebody spent, refunds taken off, in fen."""
    return Measure(events=MONEY, take="sum", field="net_amount", within=within)


# Whether, since when and how much somebody bought: what buy-till-you-die models see.
PURCHASES: Final[Mapping[str, Value]] = {
    "days_since_first": Measure(events=BOUGHT, take="days_since_first"),
    "days_since_last": Measure(events=BOUGHT, take="days_since_last"),
    "purchase_days": purchase_days(),
    "spent": spent(),
    "first_amount": Measure(events=BOUGHT, take="first", field="amount"),
}


def last_days(days: int) -> Window:
    """The last so many days."""
    return Last(amount=days, unit="day")


def after(cut: datetime, until: datetime) -> Window:
    """What came after a cut, up to an instant: outcomes, never features."""
    return Between(since=cut + _INSTANT, until=until + _INSTANT)


def numbers(table: pa.Table, name: str) -> Numbers:
    """Return a column as numbers, NaN where missing."""
    column: Any = table[name].cast(pa.float64())
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)


def matched(ids: Any, table: pa.Table, name: str) -> Numbers:
    """Return a column of another table for these profiles, NaN for those who are not in it."""
    places = np.asarray(pc.index_in(ids, table["profile_id"]).to_numpy(zero_copy_only=False), np.float64)
    found = np.full(places.size, np.nan)
    known = ~np.isnan(places)
    found[known] = numbers(table, name)[places[known].astype(np.int64)]
    return found

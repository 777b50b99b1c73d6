"""What the two stages go by: how recently, often and much somebody bought, and what buy-till-you-die makes of it."""

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from domain.kernel.rules.tree import Measure, Value
from workers.scoring.btyd.kind import Fitted, outlook
from workers.scoring.btyd.reading import histories_of, weeks
from workers.scoring.features import BOUGHT, PURCHASES, last_days, numbers, purchase_days, spent
from workers.scoring.kind import Numbers

_WINDOWS: Final = (30, 90, 365)

COLUMNS: Final[Mapping[str, Value]] = {
    **PURCHASES,
    "last_amount": Measure(events=BOUGHT, take="last", field="amount"),
    "max_amount": Measure(events=BOUGHT, take="max", field="amount"),
    **{f"purchases_{days}d": purchase_days(last_days(days)) for days in _WINDOWS},
    **{f"spent_{days}d": spent(last_days(days)) for days in _WINDOWS},
}
FEATURES: Final = (*COLUMNS, "order_value", "p_alive", "expected_purchases", "expected_order_value", "expected_value")


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """The features of those who ever bought: which rows of the table they are, and their columns by name."""

    rows: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    columns: dict[str, Numbers]

    @property
    def x(self) -> Numbers:
        """All columns side by side, in the order of `FEATURES`."""
        return np.column_stack([self.columns[name] for name in FEATURES])

    @property
    def age(self) -> Numbers:
        """Days since the first purchase."""
        return self.columns["days_since_first"]


def matrix(table: pa.Table, fitted: Fitted, horizon_days: int) -> Matrix:
    """Return the features; `fitted` are the buy-till-you-die models of the training, whoever is asked about."""
    histories, rows = histories_of(table)
    columns = {name: numbers(table, name)[rows] for name in COLUMNS}
    seen = outlook(fitted, histories, weeks(horizon_days))
    columns |= {
        "order_value": np.nan_to_num(columns["spent"]) / columns["purchase_days"],
        "p_alive": seen.p_alive,
        "expected_purchases": seen.purchases,
        "expected_order_value": seen.order_value,
        "expected_value": seen.value,
    }
    for name in (name for name in columns if name.startswith(("spent", "purchases_"))):
        columns[name] = np.nan_to_num(columns[name])
    return Matrix(rows=rows, columns=columns)

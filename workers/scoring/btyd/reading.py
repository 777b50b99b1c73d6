"""Histories of purchases from a table of values of the rule language: days become weeks, money stays in fen."""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workers.scoring.btyd.histories import Histories
from workers.scoring.features import numbers

_WEEK: Final = 7.0


def weeks(days: float) -> float:
    """Return days in the unit of the models."""
    return days / _WEEK


def histories_of(table: pa.Table) -> tuple[Histories, NDArray[np.int64]]:
    """Return the histories of those who ever bought, and the rows of the table they are.

    A day counts once, whatever was bought on it. What was spent on the first day is its first purchase; the rest, less
    refunds, is spread over the repeats, and is missing where refunds leave nothing.
    """
    days, first = numbers(table, "purchase_days"), numbers(table, "days_since_first")
    rows = np.flatnonzero((days > 0) & ~np.isnan(first))
    repeats = days[rows] - 1
    age = first[rows]
    last = age - numbers(table, "days_since_last")[rows]
    rest = np.nan_to_num(numbers(table, "spent")[rows]) - np.nan_to_num(numbers(table, "first_amount")[rows])
    known = (repeats > 0) & (rest > 0)
    mean = np.divide(rest, repeats, out=np.full(rows.size, np.nan), where=known)
    return Histories(repeats=repeats, last=last / _WEEK, age=age / _WEEK, mean=mean), rows

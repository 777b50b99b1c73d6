"""CDNOW: what 2,357 customers bought from January 1997 to June 1998, the yardstick of customer-base analysis.

A tenth of those who first bought at the on-line shop CDNOW in the first quarter of 1997, as Peter Fader and Bruce
Hardie published it (https://www.brucehardie.com/datasets/); `data/cdnow.csv.gz` holds customer, date and dollars of
`CDNOW_sample.txt` as the PyPI package lifetimes ships it.
"""

import csv
import gzip
from datetime import date
from importlib.resources import files
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.scoring.btyd.histories import Histories
from workers.scoring.kind import Numbers

# The published estimates learn from 39 weeks and are proved on the next 39.
CUT: Final = date(1997, 9, 30)
WEEKS: Final = 39.0
_FIRST: Final = date(1997, 1, 1)


class Purchases(msgspec.Struct, frozen=True, kw_only=True):
    """One entry a day on which a customer bought, by customer and day; days are counted from 1 January 1997."""

    customer: NDArray[np.int64]
    day: NDArray[np.int64]
    dollars: Numbers


def cdnow() -> Purchases:
    """Return all purchases, those of one customer on one day as one."""
    content = gzip.decompress(files("workers.bench").joinpath("data/cdnow.csv.gz").read_bytes()).decode()
    days: dict[tuple[int, int], float] = {}
    for row in csv.DictReader(content.splitlines()):
        key = (int(row["customer"]), (date.fromisoformat(row["date"]) - _FIRST).days)
        days[key] = days.get(key, 0.0) + float(row["dollars"])
    ordered = sorted(days)
    return Purchases(
        customer=np.array([key[0] for key in ordered]),
        day=np.array([key[1] for key in ordered]),
        dollars=np.array([days[key] for key in ordered]),
    )


def histories_at(purchases: Purchases, cut: date = CUT) -> Histories:
    """Return what is known of every customer by the end of a day, in weeks and dollars."""
    until = (cut - _FIRST).days
    known = purchases.day <= until
    customer, day = purchases.customer[known], purchases.day[known]
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    counts = np.diff(np.append(starts, customer.size))
    first, last = day[starts], day[starts + counts - 1]
    spent = np.add.reduceat(purchases.dollars[known], starts) - purchases.dollars[known][starts]
    repeats = (counts - 1).astype(np.float64)
    mean = np.divide(spent, repeats, out=np.full(repeats.size, np.nan), where=repeats > 0)
    return Histories(repeats=repeats, last=(last - first) / 7.0, age=(until - first) / 7.0, mean=mean)


def afterwards(purchases: Purchases, cut: date = CUT) -> tuple[Numbers, Numbers]:
    """Return on how many days each customer bought after the cut, and for how much."""
    later = purchases.day > (cut - _FIRST).days
    size = int(purchases.customer.max()) + 1
    counts = np.bincount(purchases.customer[later], minlength=size)[1:].astype(np.float64)
    spent = np.bincount(purchases.customer[later], purchases.dollars[later], minlength=size)[1:].astype(np.float64)
    return counts, spent

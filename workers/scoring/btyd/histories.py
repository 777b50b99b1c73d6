"""What the models see of a customer's purchases: how many days with repeats, when the last, since when, how much."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.scoring.kind import Numbers


class Histories(msgspec.Struct, frozen=True, kw_only=True):
    """One entry a customer, in one unit of time (weeks here): the recency and frequency of her purchases.

    `repeats` counts days with purchases after the first such day, `last` is the time between the first and the last,
    `age` the time since the first. `mean` is what she spent on a day of repeats, on average (missing without any).
    """

    repeats: Numbers
    last: Numbers
    age: Numbers
    mean: Numbers

    def __len__(self) -> int:
        return self.repeats.size

    def chosen(self, which: NDArray[Any]) -> "Histories":
        """Return those of some customers."""
        return Histories(repeats=self.repeats[which], last=self.last[which], age=self.age[which], mean=self.mean[which])


class Groups(msgspec.Struct, frozen=True, kw_only=True):
    """Equal (repeats, last, age) as one with a weight; `of` is the group of each customer."""

    repeats: Numbers
    last: Numbers
    age: Numbers
    weight: Numbers
    of: NDArray[np.int64]


def grouped(histories: Histories) -> Groups:
    """Return customers with equal histories as one: a million are a tenth as many groups."""
    codes = np.zeros(len(histories), np.int64)
    for column in (histories.repeats, histories.last, histories.age):
        values, places = np.unique(column, return_inverse=True)
        codes = codes * values.size + places
        # Compressed each time, so that the product of three sizes cannot overflow.
        codes = np.unique(codes, return_inverse=True)[1]
    _, first, of, counts = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
    return Groups(
        repeats=histories.repeats[first],
        last=histories.last[first],
        age=histories.age[first],
        weight=counts.astype(np.float64),
        of=of,
    )

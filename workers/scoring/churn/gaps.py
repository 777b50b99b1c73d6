"""The gap that is usual for a customer: in 95 of 100 cases she was back before it was over."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.scoring.kind import Numbers

DayNumbers = NDArray[np.int64]

SHARE: Final = 0.95
# With fewer gaps of her own a customer is taken to be like everybody.
FEWEST: Final = 5


class Visits(msgspec.Struct, frozen=True, kw_only=True):
    """The days on which customers bought, each once, by customer and day; `customer` numbers them from 0."""

    customer: DayNumbers
    day: DayNumbers
    size: int

    def until(self, day: int) -> "Visits":
        """Return what was known by the end of a day."""
        known = self.day <= day
        return Visits(customer=self.customer[known], day=self.day[known], size=self.size)

    def returned(self, day: int, within: Numbers) -> NDArray[np.bool_]:
        """Say of each customer whether she bought within so many days after a day."""
        soon = (self.day > day) & (self.day <= day + within[self.customer])
        return np.bincount(self.customer[soon], minlength=self.size) > 0


def usual_gaps(visits: Visits, *, least: float, most: float) -> Numbers:
    """Return the usual gap of each customer in days: the 95th percentile of her own gaps, else that of everybody's.

    It lies between `least` and `most`, so that an outcome can be waited for.
    """
    same = np.diff(visits.customer) == 0
    gaps = np.diff(visits.day)[same].astype(np.float64)
    whose = visits.customer[1:][same]
    everybody = float(np.quantile(gaps, SHARE)) if gaps.size else most
    found = np.full(visits.size, everybody)
    order = np.lexsort((gaps, whose))
    gaps, counts = gaps[order], np.bincount(whose, minlength=visits.size)
    starts = np.cumsum(counts) - counts
    enough = counts >= FEWEST
    place = starts[enough] + SHARE * (counts[enough] - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, starts[enough] + counts[enough] - 1)
    found[enough] = gaps[below] + (place - below) * (gaps[above] - gaps[below])
    return np.asarray(np.clip(np.ceil(found), least, most), np.float64)

"""A column of numbers as bitmaps: ranges of about equally many people, and the exact values at their borders."""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

# 32 x 32 ranges: a comparison unites some dozens of bitmaps and looks at a thousandth of the values.
_WIDE: Final = 32
_FINE: Final = 32

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.uint32]


class Numbers:
    """Who has which number; rows without one are in nothing that is asked here."""

    def __init__(self, rows: Rows, values: Floats) -> None:
        """Take the rows that have a number, in ascending order, and their numbers."""
        order = np.argsort(values, kind="stable")
        self._rows, self._values = rows[order], values[order]
        self.present = as_bitmap(rows)
        cuts = np.linspace(0, len(values), _WIDE * _FINE + 1).astype(np.int64)
        self._cuts = cuts
        self._fine = [as_bitmap(np.sort(self._rows[low:high])) for low, high in pairwise(cuts)]
        # Each of these holds all ranges up to its end: a comparison needs one of them, and some fine ones.
        self._upto = [BitMap()]
        for at in range(0, len(self._fine), _FINE):
            self._upto.append(BitMap.union(self._upto[-1], *self._fine[at : at + _FINE]))

    def below(self, number: float, *, inclusive: bool = False) -> BitMap:
        """Return whose number is less, or not greater."""
        return self._first(int(np.searchsorted(self._values, number, "right" if inclusive else "left")))

    def between(self, least: float, most: float) -> BitMap:
        """Return whose number is not less than one and not greater than the other."""
        low = int(np.searchsorted(self._values, least, "left"))
        high = int(np.searchsorted(self._values, most, "right"))
        return self._first(high) - self._first(low) if low < high else BitMap()

    def _first(self, count: int) -> BitMap:
        """Return the rows of the so many least numbers."""
        fine = int(np.searchsorted(self._cuts, count, "right")) - 1
        wide = fine // _FINE
        rest = np.sort(self._rows[self._cuts[fine] : count])
        return BitMap.union(self._upto[wide], *self._fine[wide * _FINE : fine], as_bitmap(rest))


def as_bitmap(rows: Rows) -> BitMap:
    """Return rows, in ascending order, as a bitmap."""
    return BitMap(memoryview(np.ascontiguousarray(rows).data))

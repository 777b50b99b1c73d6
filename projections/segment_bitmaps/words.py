"""A column of words or truth values as bitmaps: one a value."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyroaring import BitMap

from projections.segment_bitmaps.numbers import Rows, as_bitmap

# More different words than that name people rather than kinds of people.
MOST_WORDS: Final = 10_000


class TooManyWordsError(Exception):
    """The column has more different words than bitmaps are good for."""


class Words:
    """Who has which word; rows without one are in nothing that is asked here."""

    def __init__(self, rows: Rows, values: "pa.Array[Any]") -> None:
        """Take the rows that have a word, in ascending order, and their words; raises `TooManyWordsError`."""
        encoded: pa.DictionaryArray[Any, Any] = values.dictionary_encode()
        words = encoded.dictionary.to_pylist()
        if len(words) > MOST_WORDS:
            raise TooManyWordsError
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        # The sort is stable: rows of one word stay in ascending order.
        order = np.argsort(codes, kind="stable")
        sorted_rows, ends = rows[order], np.searchsorted(codes[order], np.arange(len(words) + 1))
        self.present = as_bitmap(rows)
        # In Python True == 1; a truth value and a number are different things.
        self._of = {
            (type(word), word): as_bitmap(sorted_rows[low:high])
            for word, low, high in zip(words, ends[:-1], ends[1:], strict=True)
        }

    @property
    def all(self) -> Iterable[Any]:
        """The different words."""
        return [word for _, word in self._of]

    def having(self, words: Iterable[object]) -> BitMap:
        """Return who has one of these."""
        found = [self._of[key] for key in dict.fromkeys((type(one), one) for one in words) if key in self._of]
        if len(found) == 1:
            return found[0]
        return BitMap.union(*found) if found else BitMap()

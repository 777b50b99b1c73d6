"""Who was where at two runs: sizes, and the flow from one to the other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Places = NDArray[np.int64]


def places_of(scores: pa.Table, keys: Sequence[str]) -> Places:
    """Return the place of each row's label among the keys; -1 for none of them."""
    found: Any = pc.index_in(scores["label"], pa.array(keys, pa.string())).fill_null(-1)
    return np.asarray(found.to_numpy(), np.int64)


def flow(before: pa.Table, now: pa.Table, keys: Sequence[str]) -> list[list[int]]:
    """Count from (rows) to (columns); the last row and column are those without a label then, or now."""
    size = len(keys)
    was, is_now = (np.where(places < 0, size, places) for places in (places_of(before, keys), places_of(now, keys)))
    at: Any = pc.index_in(now["profile_id"], before["profile_id"]).fill_null(-1)
    at = np.asarray(at.to_numpy(), np.int64)
    came = np.where(at < 0, size, was[np.maximum(at, 0)]) if was.size else np.full(is_now.size, size)
    counts = np.zeros((size + 1, size + 1), np.int64)
    np.add.at(counts, (came, is_now), 1)
    gone = np.ones(was.size, bool)
    gone[at[at >= 0]] = False
    np.add.at(counts, (was[gone], np.full(int(gone.sum()), size)), 1)
    counted: list[list[int]] = counts.tolist()
    return counted

"""Whom people should look at next: those by whom the classifier learns most, and some drawn by lot, who judge it.

Of those it is least sure about (the nearest second segment), as many kinds of customers as are wanted, one of each; so
that fifty reviewed together are not fifty of one kind. While it has learned from rules alone its doubts are the rules',
not the customers': then one of each kind of all customers is asked about.
"""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.scoring.clusters.fitting import Labels, different, fit
from workers.scoring.core.labels import LOT
from workers.scoring.kind import Numbers

# So many times as many doubtful customers are parted into kinds.
_DOUBTFUL: Final = 4
_SAMPLE: Final = 20_000


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The rows to review, the most doubtful first, then those drawn by lot."""

    doubtful: Labels
    drawn: Labels


def chosen(
    sure: Numbers | None, kinds: Numbers, free: NDArray[np.bool_], lot: NDArray[np.bool_], count: int, *, seed: int
) -> Chosen:
    """Choose so many of the `free` rows.

    `sure` are the probabilities of each segment (None: nobody was reviewed yet), `kinds` the scaled features by which
    customers are alike; rows of the `lot` come in their order.
    """
    drawn = np.flatnonzero(free & lot)[: round(count * LOT.until)]
    others = np.flatnonzero(free & ~lot)
    wanted = min(count - drawn.size, others.size)
    if not wanted:
        return Chosen(doubtful=np.array([], np.int64), drawn=drawn)
    doubt = np.zeros(others.size) if sure is None else _doubt(sure[others])
    most = _SAMPLE if sure is None else wanted * _DOUBTFUL
    candidates = np.argsort(-doubt, kind="stable")[:most]
    found = candidates[_one_of_each(kinds[others[candidates]], doubt[candidates], wanted, seed)]
    return Chosen(doubtful=others[found[np.argsort(-doubt[found], kind="stable")]], drawn=drawn)


def _doubt(sure: Numbers) -> Numbers:
    """Return how near the second segment is to the first: 1 where there is nothing between them."""
    ordered = np.partition(sure, -2, axis=1)
    doubt: Numbers = 1.0 - (ordered[:, -1] - ordered[:, -2])
    return doubt


def _one_of_each(rows: Numbers, doubt: Numbers, wanted: int, seed: int) -> Labels:
    """Return as many rows as are wanted, of each kind the one nearest to its middle; then the most doubtful."""
    kinds = min(wanted, different(rows, wanted))
    found = fit(rows, kinds, seed=seed, starts=1)
    distance = np.square(rows - found.centres[found.labels]).sum(axis=1)
    order = np.lexsort((distance, found.labels))
    first = order[np.unique(found.labels[order], return_index=True)[1]]
    rest = np.setdiff1d(np.argsort(-doubt, kind="stable"), first, assume_unique=True)
    rest = rest[np.argsort(-doubt[rest], kind="stable")]
    return np.concatenate([first, rest[: wanted - first.size]])

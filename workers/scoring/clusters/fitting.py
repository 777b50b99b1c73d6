"""k-means++: many beginnings on a sample, Lloyd's algorithm over everybody from the best of them."""

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.scoring.kind import NothingToLearnError, Numbers

Labels = NDArray[np.int64]
# Beyond this many rows the beginnings are tried on a sample.
SAMPLE: Final = 150_000
STARTS: Final = 10
_ROUNDS: Final = 300


class Fit(msgspec.Struct, frozen=True):
    """Where the clusters lie, who is in which, and the sum of squared distances."""

    centres: Numbers
    labels: Labels
    inertia: float


def fit(rows: Numbers, k: int, *, seed: int, starts: int = STARTS, sample: int = SAMPLE) -> Fit:
    """Return k clusters of the rows; the same rows and seed give the same bytes.

    Raises:
        NothingToLearnError: there are fewer different rows than clusters.
    """
    _require(rows, k)
    random = np.random.default_rng(seed)
    some = rows if rows.shape[0] <= sample else rows[np.sort(random.permutation(rows.shape[0])[:sample])]
    begun = _lloyd(some, k, init="k-means++", starts=starts, seed=seed)
    return begun if some is rows else fit_from(rows, begun.centres)


def fit_from(rows: Numbers, centres: Numbers) -> Fit:
    """Return the clusters that Lloyd's algorithm comes to from these centres: a warm start.

    Raises:
        NothingToLearnError: there are fewer different rows than clusters.
    """
    _require(rows, centres.shape[0])
    return _lloyd(rows, centres.shape[0], init=centres, starts=1, seed=0)


def assigned(rows: Numbers, centres: Numbers, chunk: int = 65_536) -> Labels:
    """Return the nearest centre of each row."""
    out = np.empty(rows.shape[0], dtype=np.int64)
    halves = (centres * centres).sum(axis=1) / 2
    for since in range(0, rows.shape[0], chunk):
        out[since : since + chunk] = (halves - rows[since : since + chunk] @ centres.T).argmin(axis=1)
    return out


def different(rows: Numbers, most: int) -> int:
    """Return how many different rows there are, or `most` if there are more."""
    # The first ones nearly always suffice.
    few = np.unique(rows[: 100 * most], axis=0).shape[0]
    return most if few >= most else min(most, np.unique(rows, axis=0).shape[0])


def _lloyd(rows: Numbers, k: int, *, init: Any, starts: int, seed: int) -> Fit:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    # Threads add up in whatever order they finish: one thread gives the same bytes every time.
    with threadpool_limits(limits=1):
        found = KMeans(n_clusters=k, init=init, n_init=starts, max_iter=_ROUNDS, random_state=seed).fit(rows)
    return Fit(
        np.ascontiguousarray(found.cluster_centers_, dtype=np.float64),
        np.asarray(found.labels_, dtype=np.int64),
        float(found.inertia_),
    )


def _require(rows: Numbers, k: int) -> None:
    if not np.isfinite(rows).all():
        raise NothingToLearnError("a feature is not a number for somebody: scale the features first")
    if different(rows, k) < k:
        raise NothingToLearnError(f"fewer than {k} customers differ in what clusters go by: there is nothing to find")

"""How many clusters: as many as are found again in another half of the customers, and still set them apart."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from workers.scoring.clusters.fitting import assigned, fit
from workers.scoring.kind import Numbers, Told, silent

# What marketers can name.
FEWEST: Final = 4
MOST: Final = 12
STABLE: Final = 0.95
NEARLY: Final = 0.95
_SAMPLE: Final = 40_000
_SILHOUETTE: Final = 3_000
_STARTS: Final = 5


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A number of clusters: how alike two halves label a third (ARI), and how well set apart they are (silhouette)."""

    k: int
    stability: float
    silhouette: float


def tried(rows: Numbers, *, seed: int, fewest: int = FEWEST, most: int = MOST, told: Told = silent) -> list[Tried]:
    """Try each number of clusters on two disjoint halves of a sample, which then label a common set."""
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    random = np.random.default_rng(seed)
    sample = rows[random.permutation(rows.shape[0])[:_SAMPLE]]
    one, other, common = np.array_split(sample, 3)
    seen = common[:_SILHOUETTE]
    found = []
    for step, k in enumerate(range(fewest, most + 1)):
        told("clusters", step, most - fewest + 1)
        labels = [assigned(common, fit(half, k, seed=seed, starts=_STARTS).centres) for half in (one, other)]
        apart = np.unique(labels[0][:_SILHOUETTE]).size
        found.append(
            Tried(
                k=k,
                stability=float(adjusted_rand_score(*labels)),
                silhouette=float(silhouette_score(seen, labels[0][:_SILHOUETTE]))
                if 1 < apart < seen.shape[0]
                else -1.0,
            )
        )
    return found


def chosen(found: Sequence[Tried]) -> int:
    """Return the largest number that is stable and set apart nearly as well as the best; else the most stable one."""
    best = max(one.silhouette for one in found)
    good = [one.k for one in found if one.stability >= STABLE and one.silhouette >= best - (1 - NEARLY) * abs(best)]
    return max(good) if good else max(found, key=lambda one: (one.stability, -one.k)).k

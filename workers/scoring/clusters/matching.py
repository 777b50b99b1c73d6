"""Which new cluster is which old one: the pairing that keeps the most customers where they were."""

from typing import Final

import msgspec
import numpy as np

from workers.scoring.clusters.fitting import Labels

# If fewer than this stay where they were, the new clusters are others, and get other names.
ALIKE: Final = 0.9


class Match(msgspec.Struct, frozen=True):
    """`old_of` a new cluster, None where it is new; `kept`: the share of customers who stay where they were."""

    old_of: dict[int, int]
    kept: float


def matched(old: Labels, new: Labels, k_old: int, k_new: int) -> Match:
    """Pair clusters by the overlap of who is in them (the Hungarian algorithm)."""
    from scipy.optimize import linear_sum_assignment

    overlap = np.zeros((k_old, k_new), dtype=np.int64)
    np.add.at(overlap, (old, new), 1)
    rows, columns = linear_sum_assignment(-overlap)
    kept = float(overlap[rows, columns].sum() / max(1, old.size))
    return Match({int(column): int(row) for row, column in zip(rows, columns, strict=True)}, kept)


def flows(old: Labels, new: Labels, k_old: int, k_new: int) -> list[list[int]]:
    """Return how many went from each old cluster to each new one."""
    counts = np.bincount(old * k_new + new, minlength=k_old * k_new).reshape(k_old, k_new)
    told: list[list[int]] = counts.tolist()
    return told

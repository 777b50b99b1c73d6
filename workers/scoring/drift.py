"""How far data have moved from what a model learned from: population stability indices.

PSI = sum over bins of (share now - share then) * ln(share now / share then); bins are deciles of the training, and what
is missing is a bin of its own. Below 0.1 nothing has changed, above 0.25 much has (the usual bounds in credit scoring).
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from workers.scoring.artefact import Reference
from workers.scoring.kind import Numbers

BOUND: Final = 0.25
_BINS: Final = 10
# An empty bin would be infinitely far.
_LEAST: Final = 1e-4
# Fewer rows than this move by chance alone.
LEAST_ROWS: Final = 100


def reference(values: Numbers) -> Reference:
    """Return how the values lie; without any, only that they are missing."""
    present = values[~np.isnan(values)]
    if not present.size:
        return Reference(edges=[], shares=[], missing=1.0)
    inner = np.quantile(present, np.linspace(0, 1, _BINS + 1)[1:-1], method="inverted_cdf")
    edges = np.unique(inner)
    return Reference(edges=edges.tolist(), shares=_shares(edges, values), missing=_missing(values))


def references(features: Mapping[str, Numbers]) -> dict[str, Reference]:
    """Return how each feature lies."""
    return {name: reference(values) for name, values in features.items()}


def stability(then: Reference, values: Numbers) -> float:
    """Return the population stability index of the values; 0 where there are too few to tell."""
    if values.size < LEAST_ROWS:
        return 0.0
    now = [*_shares(np.asarray(then.edges), values), _missing(values)]
    before = [*then.shares, then.missing] if then.shares else [0.0, then.missing]
    ours, theirs = np.maximum(now, _LEAST), np.maximum(before, _LEAST)
    return float(np.sum((ours - theirs) * np.log(ours / theirs)))


def _shares(edges: Numbers, values: Numbers) -> list[float]:
    present = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, present, side="left"), minlength=edges.size + 1)
    shares: list[float] = (counts / max(1, values.size)).tolist()
    return shares


def _missing(values: Numbers) -> float:
    return float(np.isnan(values).mean()) if values.size else 1.0

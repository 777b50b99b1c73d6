"""What is told of the core segments: who they are, what they are worth, how sure all this is, and what rules said."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from domain.scoring.core import core_features, core_segments
from workers.scoring.clusters.fitting import Labels
from workers.scoring.clusters.naming import distinctions
from workers.scoring.clusters.scaling import fitted, scaled
from workers.scoring.kind import Numbers

VALUE: Final = "spent_365d"
_TYPICAL: Final = 5
# What is typical is looked at in a sample of so many.
_SAMPLE: Final = 100_000
_DIGITS: Final = 4


def segments(values: Mapping[str, Numbers], labels: Labels, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Return of each segment its names, size, value of a year and what is typical of it against everybody."""
    declared = core_features()
    some = slice(None, None, max(1, labels.size // _SAMPLE))
    seen = {name: column[some] for name, column in values.items()}
    scaling = fitted(seen, {name: declared[name].scale for name in seen})
    rows = scaled(scaling, seen)
    spent = np.nan_to_num(values[VALUE], nan=0.0)
    whole = float(spent.sum())
    told = []
    for place, key in enumerate(keys):
        inside = labels == place
        size, value = int(inside.sum()), float(spent[inside].sum())
        apart = distinctions(rows, inside[some], scaling.names, seen, _TYPICAL) if size else []
        told.append(
            {
                "key": key,
                "zh": core_segments()[key].zh,
                "en": core_segments()[key].en,
                "size": size,
                "share": round(size / max(1, labels.size), _DIGITS),
                "value": round(value),
                "value_share": round(value / whole, _DIGITS) if whole > 0 else 0.0,
                "value_each": round(value / max(1, size)),
                "typical": [
                    {
                        "feature": one.feature,
                        "zh": declared[one.feature].zh,
                        "en": declared[one.feature].en,
                        "distance": one.distance,
                        "typical": one.typical,
                        "everybody": one.everybody,
                    }
                    for one in apart
                ],
            }
        )
    return told


def confusion(said: Labels, found: Labels, keys: Sequence[str]) -> dict[str, Any]:
    """Return how often each was found to be what it was said to be (rows); -1 (nothing said) is left out."""
    known = (said >= 0) & (found >= 0)
    counts = np.zeros((len(keys), len(keys)), dtype=np.int64)
    np.add.at(counts, (said[known], found[known]), 1)
    right, rows, columns = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return {
        "keys": list(keys),
        "counts": counts.tolist(),
        "recall": _shares(right, rows),
        "precision": _shares(right, columns),
    }


def agreement(one: Labels, other: Labels, classes: int) -> tuple[float, list[float | None]]:
    """Return the share of rows that both label alike, in all and by the class that the first says."""
    alike = one == other
    shares = [
        round(float(alike[one == place].mean()), _DIGITS) if (one == place).any() else None for place in range(classes)
    ]
    return float(alike.mean()) if alike.size else 0.0, shares


def _shares(part: Labels, whole: Labels) -> list[float | None]:
    return [round(float(a / b), _DIGITS) if b else None for a, b in zip(part, whole, strict=True)]

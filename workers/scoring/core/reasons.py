"""Why a customer is in her segment: the features that weigh most for it, beside how many have less of them."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np

from workers.scoring.kind import Numbers

MOST: Final = 3
# Up to so many rows reasons are exact (TreeSHAP); beyond, approximate: the paths alone, a quarter of the work.
EXACT_ROWS: Final = 20_000
_CHUNK: Final = 20_000


class Quantiles(msgspec.Struct, frozen=True, kw_only=True):
    """The hundredths of each feature among the customers it was learned from, to say how many have less."""

    names: tuple[str, ...]
    edges: tuple[tuple[float, ...], ...]

    def beside(self, place: int, values: Numbers) -> tuple[Numbers, Numbers]:
        """Return the shares of customers with less than each value, and with more; of unknown ones NaN."""
        edges = np.asarray(self.edges[place])
        if not edges.size:
            return np.full(values.shape, np.nan), np.full(values.shape, np.nan)
        unknown = np.isnan(values)
        below = np.searchsorted(edges, values, side="left") / edges.size
        above = 1.0 - np.searchsorted(edges, values, side="right") / edges.size
        return np.where(unknown, np.nan, below), np.where(unknown, np.nan, above)


def quantiles(values: Mapping[str, Numbers]) -> Quantiles:
    """Return the hundredths of each feature."""
    edges = []
    for column in values.values():
        known = column[np.isfinite(column)]
        edges.append(tuple(np.quantile(known, np.arange(1, 100) / 100).round(6).tolist()) if known.size else ())
    return Quantiles(names=tuple(values), edges=tuple(edges))


def effects(booster: Any, features: Numbers, chosen: np.ndarray, *, exact: bool | None = None) -> Numbers:
    """Return what each feature adds to the margin of the chosen class of each row.

    Against the mean of the other classes: what lifts every class alike is no reason for this one.
    """
    import xgboost

    is_exact = features.shape[0] <= EXACT_ROWS if exact is None else exact
    out = np.zeros(features.shape)
    for since in range(0, features.shape[0], _CHUNK):
        part = features[since : since + _CHUNK]
        told = booster.predict(xgboost.DMatrix(part), pred_contribs=True, approx_contribs=not is_exact)
        told = np.asarray(told)[:, :, :-1]
        rows, which = np.arange(part.shape[0]), chosen[since : since + _CHUNK]
        out[since : since + _CHUNK] = told[rows, which] - told.mean(axis=1)
    return out


def reasons(names: tuple[str, ...], features: Numbers, weights: Numbers, known: Quantiles) -> list[str]:
    """Return the reasons of each row as JSON: feature, value, effect, the shares of customers with less and with more.

    Only what speaks for the segment is a reason.
    """
    order = np.argsort(-weights, axis=1, kind="stable")[:, :MOST]
    beside = [known.beside(place, features[:, place]) for place in range(len(names))]
    encode = msgspec.json.Encoder().encode
    told = []
    for row, places in enumerate(order):
        said = [
            {
                "feature": names[place],
                "value": _number(features[row, place]),
                "effect": round(float(weights[row, place]), 4),
                "below": _number(beside[place][0][row]),
                "above": _number(beside[place][1][row]),
            }
            for place in places
            if weights[row, place] > 0
        ]
        told.append(encode(said).decode())
    return told


def _number(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None

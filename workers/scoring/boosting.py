"""Boosted trees: trained the same from the same data, kept as XGBoost's own bytes, asked with or without reasons."""

from typing import Any, Final

import msgspec
import numpy as np
import xgboost as xgb

from workers.scoring.kind import Numbers

# Threads only help with many rows; which it is follows from the data, so that the same data give the same bytes.
_MANY: Final = 20_000
_THREADS: Final = 2


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How trees are grown."""

    rounds: int
    depth: int = 1
    eta: float = 0.05
    rows: float = 0.7
    columns: float = 0.7
    least_weight: float = 10.0
    penalty: float = 5.0


def boosted(x: Numbers, y: Numbers, objective: str, settings: Settings, *, seed: int) -> bytes:
    """Return trees that predict `y` from `x`; missing values (NaN) go their own way."""
    told = {
        "objective": objective,
        "max_depth": settings.depth,
        "eta": settings.eta,
        "subsample": settings.rows,
        "colsample_bytree": settings.columns,
        "min_child_weight": settings.least_weight,
        "lambda": settings.penalty,
        "tree_method": "hist",
        "seed": seed,
        "nthread": _THREADS if y.size > _MANY else 1,
        "verbosity": 0,
    }
    data = xgb.QuantileDMatrix(x, y, nthread=told["nthread"])
    booster = xgb.train(told, data, num_boost_round=settings.rounds)
    return bytes(booster.save_raw("ubj"))


class Trees:
    """Trees to ask."""

    def __init__(self, content: bytes) -> None:
        """Read them."""
        self._booster: Any = xgb.Booster(model_file=bytearray(content))
        self._booster.set_param({"nthread": _THREADS})

    def predict(self, x: Numbers) -> Numbers:
        """Return what they say: a probability, or an amount."""
        return np.asarray(self._booster.inplace_predict(x), np.float64)

    def effects(self, x: Numbers) -> Numbers:
        """Return what each feature adds to the logarithm of the odds, or of the amount (exact Shapley values)."""
        return np.asarray(self._booster.predict(xgb.DMatrix(x), pred_contribs=True), np.float64)[:, :-1]


class OneThread(Trees):
    """Trees for single rows: no thread is worth waking."""

    def __init__(self, content: bytes) -> None:
        """Read them."""
        super().__init__(content)
        self._booster.set_param({"nthread": 1})

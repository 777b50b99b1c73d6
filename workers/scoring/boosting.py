"""Boosted trees: trained the same from the same data, kept as XGBoost's own bytes, asked with or without reasons."""

from typing import Any, Final

import msgspec
import numpy as np
import xgboost as xgb

from workers.scoring.kind import Numbers

# One thread: the same data give the same bytes, and beside other work on a machine more of them only wait.
_THREADS: Final = 1


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
        "nthread": _THREADS,
        "verbosity": 0,
    }
    data = xgb.QuantileDMatrix(x, y, nthread=_THREADS)
    booster = xgb.train(told, data, num_boost_round=settings.rounds)
    return bytes(booster.save_raw("ubj"))


class Trees:
    """Trees to ask."""

    def __init__(self, content: bytes) -> None:
        """Read them."""
        self.booster: Any = xgb.Booster(model_file=bytearray(content))
        self.booster.set_param({"nthread": _THREADS})

    def predict(self, x: Numbers) -> Numbers:
        """Return what they say: a probability, or an amount."""
        return np.asarray(self.booster.inplace_predict(x), np.float64)

    def effects(self, x: Numbers) -> Numbers:
        """Return what each feature adds to the logarithm of the odds, or of the amount (exact Shapley values)."""
        return np.asarray(self.booster.predict(xgb.DMatrix(x), pred_contribs=True), np.float64)[:, :-1]

"""Boosted stumps as what they are: a sum of step functions, one a feature.

Trees of depth one never combine features, so that all of them together are a table of steps for each feature. A table
is asked in microseconds, and what a feature adds is read off it exactly: it is the trees' own Shapley value.
"""

import json
from typing import Any, Final

import msgspec
import numpy as np

from workers.scoring.kind import Numbers

LOGISTIC: Final = "binary:logistic"


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """What one feature adds: `values[i]` between borders i - 1 and i (a value at a border is above), `missing` without.

    Zero is what it adds on average over the rows that were learned from.
    """

    borders: list[float]
    values: list[float]
    missing: float


class Additive(msgspec.Struct, frozen=True, kw_only=True):
    """The sum: `base` and what each feature adds, on the scale of the objective's margin."""

    objective: str
    base: float
    steps: list[Steps]


class Sum:
    """A sum of steps, laid out to be asked again and again."""

    def __init__(self, told: Additive) -> None:
        """Lay it out."""
        self._objective, self._base = told.objective, told.base
        # XGBoost compares in single precision.
        self._steps = [
            (place, np.asarray(step.borders, np.float32), np.asarray(step.values), step.missing)
            for place, step in enumerate(told.steps)
            if step.borders
        ]

    def effects(self, x: Numbers) -> Numbers:
        """Return what each feature adds for each row."""
        found = np.zeros(x.shape, np.float64)
        single = x.astype(np.float32)
        for place, borders, values, missing in self._steps:
            column = single[:, place]
            at = borders.searchsorted(column, side="right")
            found[:, place] = np.where(np.isnan(column), missing, values[at])
        return found

    def predict(self, x: Numbers) -> Numbers:
        """Return a probability, or an amount, for each row."""
        return self.of_effects(self.effects(x))

    def of_effects(self, effects: Numbers) -> Numbers:
        """Return the same where the effects are known."""
        margin = self._base + effects.sum(axis=1)
        return np.asarray(1 / (1 + np.exp(-margin)) if self._objective == LOGISTIC else np.exp(margin), np.float64)


def additive(booster: Any, objective: str, features: int) -> Additive:
    """Return trees of depth one as steps; exact up to the order of adding."""
    cuts: list[list[tuple[float, float, float]]] = [[] for _ in range(features)]
    base, missing = _intercept(booster, objective), np.zeros(features)
    for text in booster.get_dump(dump_format="json", with_stats=True):
        tree = json.loads(text)
        if "leaf" in tree:
            base += tree["leaf"]
            continue
        feature = int(tree["split"].removeprefix("f"))
        leaves = {child["nodeid"]: child for child in tree["children"]}
        below, above = leaves[tree["yes"]], leaves[tree["no"]]
        mean = (below["leaf"] * below["cover"] + above["leaf"] * above["cover"]) / (below["cover"] + above["cover"])
        base += mean
        cuts[feature].append((tree["split_condition"], below["leaf"] - mean, above["leaf"] - mean))
        missing[feature] += leaves[tree["missing"]]["leaf"] - mean
    steps = [_steps(found, float(missing[place])) for place, found in enumerate(cuts)]
    return Additive(objective=objective, base=float(base), steps=steps)


def _steps(cuts: list[tuple[float, float, float]], missing: float) -> Steps:
    if not cuts:
        return Steps(borders=[], values=[0.0], missing=missing)
    told = np.array(cuts, np.float64)
    borders = np.unique(told[:, 0].astype(np.float32))
    values = np.full(borders.size + 1, told[:, 1].sum())
    place = np.searchsorted(borders, told[:, 0].astype(np.float32))
    values[1:] += np.cumsum(np.bincount(place, told[:, 2] - told[:, 1], minlength=borders.size))
    return Steps(borders=borders.astype(np.float64).tolist(), values=values.tolist(), missing=missing)


def _intercept(booster: Any, objective: str) -> float:
    told = json.loads(booster.save_config())["learner"]["learner_model_param"]["base_score"]
    score = float(str(told).strip("[]"))
    return float(np.log(score / (1 - score))) if objective == LOGISTIC else float(np.log(score))

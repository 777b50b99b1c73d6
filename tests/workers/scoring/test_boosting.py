"""Boosted stumps as steps: the same as XGBoost says, value by value and effect by effect."""

from typing import Any

import numpy as np
import pytest

from workers.scoring.additive import Sum, additive
from workers.scoring.boosting import Settings, Trees, boosted

RNG = np.random.default_rng(1)
X = RNG.normal(size=(4_000, 6))
X[RNG.random(X.shape) < 0.1] = np.nan
X[:, 4], X[:, 5] = 1.0, np.round(X[:, 5])
SUM: Any = np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 5])
TARGETS = {
    "binary:logistic": (RNG.random(4_000) < 1 / (1 + np.exp(-SUM))).astype(np.float64),
    "reg:gamma": RNG.gamma(2.0, 50.0, 4_000) * np.exp(SUM / 2),
}


@pytest.mark.parametrize("objective", TARGETS)
def test_steps_say_what_the_trees_say(objective: str) -> None:
    """Constant features, missing values and values exactly at a border included."""
    content = boosted(X, TARGETS[objective], objective, Settings(rounds=120), seed=1)
    assert content == boosted(X, TARGETS[objective], objective, Settings(rounds=120), seed=1)
    trees = Trees(content)
    found = additive(trees.booster, objective, X.shape[1])
    steps = Sum(found)
    assert np.allclose(steps.predict(X), trees.predict(X), rtol=1e-5)
    assert np.allclose(steps.effects(X), trees.effects(X), atol=1e-5)
    borders = np.array([[border] * 6 for step in found.steps for border in step.borders])
    assert np.allclose(steps.predict(borders), trees.predict(borders), rtol=1e-5)

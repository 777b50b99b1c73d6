"""Two stages: the chance to buy within the horizon, times what is spent then; the sums of each cohort made right.

The first is a logistic, the second a gamma regression (spending has a long tail), both by boosted trees of depth one:
deeper ones were no better, since buy till you die's outputs are how features act together already. Their product
ranks well and is too low in sum, so each cohort, customers who came at about the same time, is rescaled by what
predictions of rows left out came to. All figures are of rows left out.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from workers.scoring.additive import Additive, Sum, additive
from workers.scoring.boosting import Settings, Trees, boosted
from workers.scoring.kind import NothingToLearnError, Numbers

_FEWEST_PAYERS: Final = 30
_FOLDS: Final = 5
# Above this size one fifth left out says as much as five times a fifth.
_LARGE: Final = 20_000
_COHORTS: Final = 6
# A cohort of so many payers says as much of itself as everybody does: spending has a long tail, and sums of few jump.
_PRIOR_PAYERS: Final = 500.0

PAYS_SMALL: Final = Settings(rounds=200)
SPENDS_SMALL: Final = Settings(rounds=100)
PAYS_LARGE: Final = Settings(rounds=150, eta=0.1)
SPENDS_LARGE: Final = Settings(rounds=100, eta=0.1)


class TwoStage(msgspec.Struct, frozen=True, kw_only=True):
    """Both stages, and the factor of each cohort; `borders` (days since the first purchase) part cohorts."""

    pays: Additive
    spends: Additive
    borders: list[float]
    factors: list[float]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of rows that were not learned from: which rows, what, and before cohorts were rescaled."""

    rows: NDArray[np.int64]
    value: Numbers
    p_pays: Numbers
    raw: Numbers


def fit(x: Numbers, spent: Numbers, age: Numbers, *, seed: int, repeats: int = 1) -> tuple[TwoStage, LeftOut]:
    """Fit both stages; `spent` is what came within the horizon, `age` the days since the first purchase.

    Raises `NothingToLearnError` where too few paid, or everybody did.
    """
    pays = spent > 0
    if min(pays.sum(), (~pays).sum()) < _FEWEST_PAYERS:
        detail = f"at least {_FEWEST_PAYERS} customers have to have bought within the horizon, and as many not"
        raise NothingToLearnError(detail)
    borders = np.unique(np.quantile(age, np.linspace(0, 1, _COHORTS + 1)[1:-1]))
    cohort = np.searchsorted(borders, age, side="left")
    left_out = _left_out(x, spent, cohort, seed=seed, repeats=repeats)
    factors = _factors(spent[left_out.rows], left_out.raw, cohort[left_out.rows], borders.size + 1)
    stages = _stages(x, spent, seed)
    return TwoStage(pays=stages[0], spends=stages[1], borders=borders.tolist(), factors=factors.tolist()), left_out


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Expected spending within the horizon, the chance of any, and what each feature adds to the value's logarithm."""

    value: Numbers
    p_pays: Numbers
    effects: Numbers


class Stages:
    """Both stages, laid out to be asked again and again."""

    def __init__(self, fitted: TwoStage) -> None:
        """Lay them out."""
        self._pays, self._spends = Sum(fitted.pays), Sum(fitted.spends)
        self._borders, self._factors = np.asarray(fitted.borders), np.asarray(fitted.factors)

    def said(self, x: Numbers, age: Numbers) -> Said:
        """Say what is expected of each customer, and why."""
        of_paying, of_spending = self._pays.effects(x), self._spends.effects(x)
        chance = self._pays.of_effects(of_paying)
        factor = self._factors[self._borders.searchsorted(age, side="left")]
        value = chance * self._spends.of_effects(of_spending) * factor
        return Said(value=value, p_pays=chance, effects=of_paying + of_spending)


def _left_out(x: Numbers, spent: Numbers, cohort: NDArray[Any], *, seed: int, repeats: int) -> LeftOut:
    rows: list[NDArray[Any]] = []
    raw: list[Numbers] = []
    chances: list[Numbers] = []
    for place, (learn, test) in enumerate(_splits(spent > 0, seed, repeats)):
        pays, spends = (Sum(told) for told in _stages(x[learn], spent[learn], seed + place))
        chances.append(pays.predict(x[test]))
        raw.append(chances[-1] * spends.predict(x[test]))
        rows.append(test)
    value = _rescaled(rows, raw, spent, cohort)
    return LeftOut(
        rows=np.concatenate(rows), value=np.concatenate(value), p_pays=np.concatenate(chances), raw=np.concatenate(raw)
    )


def _rescaled(
    rows: Sequence[NDArray[Any]], raw: Sequence[Numbers], spent: Numbers, cohort: NDArray[Any]
) -> list[Numbers]:
    """Rescale what was said of each fold by what the other folds came to: no row takes part in its own factor."""
    size = int(cohort.max()) + 1
    value = []
    for place, fold in enumerate(rows):
        others = [other for other in range(len(rows)) if other // _FOLDS == place // _FOLDS and other != place]
        if others:
            told = np.concatenate([rows[other] for other in others])
            said = np.concatenate([raw[other] for other in others])
            value.append(raw[place] * _factors(spent[told], said, cohort[told], size)[cohort[fold]])
            continue
        # One fold alone: each half by the other.
        half = np.arange(fold.size) % 2 == 0
        first, second = (_factors(spent[fold[h]], raw[place][h], cohort[fold[h]], size) for h in (half, ~half))
        value.append(raw[place] * np.where(half, second[cohort[fold]], first[cohort[fold]]))
    return value


def _splits(pays: NDArray[np.bool_], seed: int, repeats: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    if pays.size > _LARGE:
        yield next(StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(pays, pays))
        return
    for repeat in range(repeats):
        yield from StratifiedKFold(_FOLDS, shuffle=True, random_state=seed + repeat).split(pays, pays)


def _stages(x: Numbers, spent: Numbers, seed: int) -> tuple[Additive, Additive]:
    pays = spent > 0
    chance, amount = (PAYS_LARGE, SPENDS_LARGE) if spent.size > _LARGE else (PAYS_SMALL, SPENDS_SMALL)
    first = _stage(x, pays.astype(np.float64), "binary:logistic", chance, seed)
    return first, _stage(x[pays], spent[pays], "reg:gamma", amount, seed)


def _stage(x: Numbers, y: Numbers, objective: str, settings: Settings, seed: int) -> Additive:
    trees = Trees(boosted(x, y, objective, settings, seed=seed))
    return additive(trees.booster, objective, x.shape[1])


def _factors(spent: Numbers, said: Numbers, cohort: NDArray[Any], size: int) -> Numbers:
    """Return actual over predicted sums by cohort, drawn to that of everybody where a cohort has few payers."""
    everybody = spent.sum() / said.sum() if said.sum() > 0 else 1.0
    actual = np.bincount(cohort, spent, minlength=size)
    predicted = np.bincount(cohort, said, minlength=size)
    payers = np.bincount(cohort, spent > 0, minlength=size)
    ratio = np.divide(actual, predicted, out=np.full(size, everybody), where=predicted > 0)
    weight = payers / (payers + _PRIOR_PAYERS)
    return np.asarray(weight * ratio + (1 - weight) * everybody, np.float64)

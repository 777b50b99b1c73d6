"""How good the prediction of responses is: on households, and on campaigns, that it has not learned from."""

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.scoring.boosting import Settings, Trees, boosted
from workers.scoring.clusters.fitting import Labels
from workers.scoring.kind import Numbers
from workers.scoring.measuring import auc
from workers.scoring.response.features import response_features

_FOLDS: Final = 5
_OBJECTIVE: Final = "binary:logistic"
_DRAWS: Final = 200
_FEWEST: Final = 30
_TAILS: Final = (2.5, 97.5)


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """AUC over households unseen, with its 95 % interval (households drawn anew), and over later campaigns unseen.

    Beside it the single column that ranks best, chosen with all outcomes known, which flatters it; `gain` is by how
    much the model is above it, as an interval. `said` are the probabilities given to unseen households.
    """

    auc: float
    low: float
    high: float
    auc_new_campaigns: float
    auc_best_column: float
    best_column: str
    gain_low: float
    gain_high: float
    said: Numbers


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """A row for each campaign and whom it reached; `cut` and `decided`: since when its outcome was open, and known."""

    x: Numbers
    redeemed: Numbers
    household: Labels
    cut: Numbers
    decided: Numbers


def proved(rows: Rows, settings: Settings, *, seed: int) -> Proof:
    """Prove the trees by folds of households, and by learning from earlier campaigns for each later one."""
    x, redeemed, household = rows.x, rows.redeemed, rows.household
    said = np.zeros(redeemed.size)
    for learn, prove in _folds(household, seed):
        said[prove] = Trees(boosted(x[learn], redeemed[learn], _OBJECTIVE, settings, seed=seed)).predict(x[prove])
    name, column, area = _best_column(x, redeemed)
    draws = [(auc(redeemed[some], said[some]), auc(redeemed[some], column[some])) for some in _drawn(household, seed)]
    ours, theirs = np.array(draws).T
    low, high = np.percentile(ours, _TAILS)
    gain_low, gain_high = np.percentile(ours - theirs, _TAILS)
    return Proof(
        auc=auc(redeemed, said),
        low=float(low),
        high=float(high),
        auc_new_campaigns=_new_campaigns(rows, settings, seed),
        auc_best_column=area,
        best_column=name,
        gain_low=float(gain_low),
        gain_high=float(gain_high),
        said=said,
    )


def _new_campaigns(rows: Rows, settings: Settings, seed: int) -> float:
    """Return the AUC over campaigns, each ranked by trees that learned from those decided before it began.

    The first half of the campaigns are only learned from.
    """
    cuts = np.unique(rows.cut)
    said = np.full(rows.redeemed.size, np.nan)
    for cut in cuts[cuts.size // 2 :]:
        known = rows.decided <= cut
        if _FEWEST <= rows.redeemed[known].sum() < known.sum():
            trees = Trees(boosted(rows.x[known], rows.redeemed[known], _OBJECTIVE, settings, seed=seed))
            said[rows.cut == cut] = trees.predict(rows.x[rows.cut == cut])
    told = ~np.isnan(said)
    return auc(rows.redeemed[told], said[told])


def _best_column(x: Numbers, redeemed: Numbers) -> tuple[str, Numbers, float]:
    """Return the single column, up or down, that ranks the redeemers best; what is unknown is lowest."""
    best = ("", np.zeros(redeemed.size), 0.5)
    for place, name in enumerate(response_features()):
        for sign in (1.0, -1.0):
            column = np.nan_to_num(sign * x[:, place], nan=-np.inf, posinf=np.inf, neginf=-np.inf)
            area = auc(redeemed, column)
            if area > best[2]:
                best = (name, column, area)
    return best


def _folds(household: Labels, seed: int) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    fold = np.random.default_rng(seed).integers(0, _FOLDS, int(household.max(initial=0)) + 1)[household]
    for number in range(_FOLDS):
        if (fold == number).any() and (fold != number).any():
            yield fold != number, fold == number


def _drawn(household: Labels, seed: int) -> Iterator[Labels]:
    """Yield rows of households drawn with replacement: rows of one household are not independent."""
    random = np.random.default_rng(seed)
    order = np.argsort(household, kind="stable")
    sizes = np.bincount(household)
    starts = np.cumsum(sizes) - sizes
    for _ in range(_DRAWS):
        chosen = random.integers(0, sizes.size, sizes.size)
        counts = sizes[chosen]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        yield order[np.repeat(starts[chosen], counts) + within]

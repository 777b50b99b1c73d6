"""The classifier: boosted trees over several classes, cross-validated, calibrated on what it had not learned from."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.scoring.clusters.fitting import Labels
from workers.scoring.core.calibration import Calibration, expected_error, fitted
from workers.scoring.core.labels import FEWEST
from workers.scoring.kind import NothingToLearnError, Numbers, Told, silent

FOLDS: Final = 5
ROUNDS: Final = 60
# More rows than this teach little more and cost much; a sample has every class in its share.
MOST_ROWS: Final = 30_000
# Folds learn side by side, each in one thread: threads inside a fold wait for each other at every branch (on two busy
# cores two of them took ten to twenty-five times the processor time of one).
THREADS: Final = 2
_BOOSTING: Final[dict[str, Any]] = {
    "objective": "multi:softprob",
    "max_depth": 4,
    "eta": 0.12,
    "subsample": 0.8,
    "colsample_bytree": 0.4,
    "min_child_weight": 3,
    "max_bin": 64,
    "tree_method": "hist",
    "verbosity": 0,
}


class Classified(msgspec.Struct, frozen=True, kw_only=True):
    """A classifier of some of the classes (`classes`: their numbers), and how good it proved on rows it had not seen.

    `rows` are those it is judged and calibrated by, `unseen` the calibrated probabilities that five others gave them.
    """

    booster: Any
    classes: tuple[int, ...]
    calibration: Calibration
    rows: Labels
    unseen: Numbers
    calibration_error: float

    def probabilities(self, features: Numbers) -> Numbers:
        """Return calibrated probabilities, a column a class."""
        return probabilities_of(self.booster, self.calibration, features)


def learned(
    features: Numbers, labels: Labels, *, seed: int, fair: NDArray[np.bool_] | None = None, told: Told = silent
) -> Classified:
    """Learn from the rows that have a label; `fair` are those that were not chosen for what they teach (None: all).

    Raises:
        NothingToLearnError: fewer than two classes have enough rows.
    """
    from sklearn.model_selection import StratifiedKFold

    classes = tuple(int(one) for one in np.unique(labels[labels >= 0]) if (labels == one).sum() >= FEWEST)
    if len(classes) < 2:  # noqa: PLR2004 - telling one from another takes two
        detail = (
            f"at least two segments need {FEWEST} customers each to learn from: bring in more history, or review some"
        )
        raise NothingToLearnError(detail)
    rows = sampled(labels, classes, MOST_ROWS, seed)
    target = np.searchsorted(classes, labels[rows])
    inside = features[rows]
    margins = np.zeros((rows.size, len(classes)))
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(inside, target))
    everybody = np.arange(rows.size)
    found = boosted_each(
        inside, target, [*(learn for learn, _ in folds), everybody], len(classes), seed=seed, told=told
    )
    for booster, (_, prove) in zip(found, folds, strict=False):
        margins[prove] = margins_of(booster, inside[prove])
    kept = everybody if fair is None else np.flatnonzero(fair[rows])
    proof, error = _crossed(margins[kept], target[kept])
    return Classified(
        booster=found[-1],
        classes=classes,
        calibration=fitted(margins[kept], target[kept]),
        rows=rows[kept],
        unseen=proof,
        calibration_error=error,
    )


def boosted_each(
    features: Numbers, target: Labels, parts: list[Labels], classes: int, *, seed: int, told: Told = silent
) -> list[Any]:
    """Return boosted trees learned from each of these parts of the rows."""

    def one(rows: Labels) -> Any:
        return boosted(features[rows], target[rows], classes, seed=seed)

    found = []
    with ThreadPoolExecutor(THREADS) as pool:
        for step, booster in enumerate(pool.map(one, parts)):
            found.append(booster)
            told("folds", step + 1, len(parts))
    return found


def boosted(features: Numbers, target: Labels, classes: int, *, seed: int) -> Any:
    """Return boosted trees; rows whose class is rare weigh no more than others, so that probabilities stay true."""
    import xgboost

    settings = _BOOSTING | {"num_class": classes, "seed": seed, "nthread": 1}
    return xgboost.train(settings, xgboost.DMatrix(features, target, nthread=1), ROUNDS)


def margins_of(booster: Any, features: Numbers) -> Numbers:
    """Return the margin of each class."""
    return np.asarray(booster.inplace_predict(features, predict_type="margin"), dtype=np.float64)


def probabilities_of(booster: Any, calibration: Calibration, features: Numbers) -> Numbers:
    """Return calibrated probabilities, a column a class."""
    return calibration.probabilities(margins_of(booster, features))


def sampled(labels: Labels, classes: tuple[int, ...], most: int, seed: int) -> Labels:
    """Return the rows to learn from, every class in its share, in their order."""
    rows = np.flatnonzero(np.isin(labels, classes))
    if rows.size <= most:
        return rows
    random = np.random.default_rng(seed)
    kept = [
        random.permutation(of_class)[: max(FEWEST, round(of_class.size * most / rows.size))]
        for of_class in (rows[labels[rows] == one] for one in classes)
    ]
    return np.sort(np.concatenate(kept))


def packed(booster: Any) -> bytes:
    """Return the trees as bytes; equal trees have equal bytes."""
    return bytes(booster.save_raw("ubj"))


def unpacked(content: bytes, threads: int = THREADS) -> Any:
    """Return the trees from bytes."""
    import xgboost

    return xgboost.Booster({"nthread": threads}, model_file=bytearray(content))


def _crossed(margins: Numbers, target: Labels) -> tuple[Numbers, float]:
    """Return probabilities calibrated on the other half of the rows each, and how far they are from the truth."""
    out = np.zeros_like(margins)
    odd = np.arange(target.size) % 2 == 1
    for half in (odd, ~odd):
        out[half] = fitted(margins[~half], target[~half]).probabilities(margins[half])
    return out, expected_error(out, target)

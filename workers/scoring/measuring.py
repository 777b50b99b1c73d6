"""How good predictions are: ranking, calibration, totals. Without an outcome there is no figure, never a good one."""

from typing import Any

import numpy as np
from scipy.stats import rankdata, spearmanr

from workers.scoring.kind import Numbers


def gini(actual: Numbers, predicted: Numbers) -> float:
    """Return the normalised Gini of spending: 1 ranks the customers by what they will spend, 0 is chance."""
    if not actual.size or actual.sum() <= 0:
        return 0.0
    ideal = _gini(actual, actual)
    return _gini(actual, predicted) / ideal if ideal else 0.0


def auc(labels: Numbers, scores: Numbers) -> float:
    """Return the area under the ROC curve; a half where there is only one class."""
    positives = float(labels.sum())
    negatives = labels.size - positives
    if positives == 0 or negatives == 0:
        return 0.5
    ranks = rankdata(scores)
    return float((ranks[labels > 0].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def calibration_error(labels: Numbers, probabilities: Numbers, bins: int = 10) -> float:
    """Return the expected calibration error: how far probabilities are from shares, over bins of equal size."""
    return float(
        sum(abs(row["predicted"] - row["actual"]) * row["rows"] for row in deciles(labels, probabilities, bins))
        / max(1, labels.size)
    )


def deciles(actual: Numbers, predicted: Numbers, bins: int = 10) -> list[dict[str, Any]]:
    """Return predicted and actual means by tenths of the prediction, the highest first."""
    order = np.argsort(-predicted, kind="stable")
    return [
        {
            "rows": int(part.size),
            "predicted": round(float(predicted[part].mean()), 6),
            "actual": round(float(actual[part].mean()), 6),
        }
        for part in np.array_split(order, min(bins, max(1, order.size)))
        if part.size
    ]


def ranking(actual: Numbers, predicted: Numbers) -> dict[str, float]:
    """Return the figures of a prediction of amounts."""
    varies = actual.size > 1 and np.ptp(actual) > 0 and np.ptp(predicted) > 0
    return {
        "spearman": float(spearmanr(actual, predicted).statistic) if varies else 0.0,
        "gini": gini(actual, predicted),
        "sum_ratio": float(predicted.sum() / actual.sum()) if actual.sum() > 0 else 0.0,
        "mae": float(np.abs(actual - predicted).mean()) if actual.size else 0.0,
    }


def _gini(actual: Numbers, by: Numbers) -> float:
    # Equal predictions share their place, so that no order of the rows flatters them.
    order = np.argsort(-by, kind="stable")
    ordered, amounts = by[order], actual[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=np.inf) != 0)
    sizes = np.diff(np.append(starts, ordered.size))
    means = np.add.reduceat(amounts, starts) / sizes
    lorenz = np.cumsum(np.repeat(means, sizes)) / actual.sum()
    return float(lorenz.sum() / actual.size - (actual.size + 1) / (2 * actual.size))

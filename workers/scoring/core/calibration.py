"""Probabilities that mean what they say: of a hundred customers said to be 80 % sure, eighty are right."""

from typing import Final

import msgspec
import numpy as np

from workers.scoring.clusters.fitting import Labels
from workers.scoring.kind import Numbers

# With so many rows in every class each class gets a scale and a shift of its own.
_VECTOR_ROWS: Final = 1_000
_LEAST: Final = 1e-12
_PULL: Final = 1e-3


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Margins times `scale` plus `shift`, each one number or one a class."""

    scale: tuple[float, ...]
    shift: tuple[float, ...]

    def probabilities(self, margins: Numbers) -> Numbers:
        """Return calibrated probabilities."""
        return softmax(margins * np.asarray(self.scale) + np.asarray(self.shift))


def softmax(margins: Numbers) -> Numbers:
    """Return probabilities from margins."""
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fitted(margins: Numbers, labels: Labels) -> Calibration:
    """Fit to margins of rows that were not learned from: one temperature, or a vector where rows suffice."""
    from scipy.optimize import minimize, minimize_scalar

    found = minimize_scalar(lambda power: _loss(margins * np.exp(power), labels), bounds=(-3.0, 3.0), method="bounded")
    scale = float(np.exp(found.x))
    classes = margins.shape[1]
    if np.bincount(labels, minlength=classes).min() <= _VECTOR_ROWS:
        return Calibration(scale=(round(scale, 6),), shift=(0.0,))

    def loss(both: Numbers) -> tuple[float, Numbers]:
        powers, shifts = both[:classes], both[classes:]
        off = softmax(margins * powers + shifts)
        value = _log_loss(off, labels) + _PULL * float(np.square(shifts).sum())
        off[np.arange(labels.size), labels] -= 1.0
        off /= labels.size
        return value, np.concatenate([(off * margins).sum(axis=0), off.sum(axis=0) + 2 * _PULL * shifts])

    start = np.concatenate([np.full(classes, scale), np.zeros(classes)])
    best = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return Calibration(scale=_rounded(best[:classes]), shift=_rounded(best[classes:]))


def expected_error(probabilities: Numbers, labels: Labels, bins: int = 15) -> float:
    """Return the expected calibration error: how far the surest probability is from how often it is right."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    places = np.minimum((sure * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(places, weights=sure, minlength=bins) - np.bincount(places, weights=right, minlength=bins)
    return float(np.abs(gaps).sum() / max(1, labels.size))


def _loss(margins: Numbers, labels: Labels) -> float:
    return _log_loss(softmax(margins), labels)


def _log_loss(probabilities: Numbers, labels: Labels) -> float:
    return float(-np.log(np.maximum(probabilities[np.arange(labels.size), labels], _LEAST)).mean())


def _rounded(values: Numbers) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)

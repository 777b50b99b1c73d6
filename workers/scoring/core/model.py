"""The model of the core segments: what it goes by, and what it says of everybody."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
import numpy as np

from domain.kernel.errors import KoiError
from workers.scoring.clusters.fitting import Labels
from workers.scoring.core import classifier
from workers.scoring.core.calibration import Calibration
from workers.scoring.core.reasons import Quantiles, effects, reasons
from workers.scoring.kind import Numbers


class FeatureMissingError(KoiError):
    """A model was learned with a feature that is not declared any more."""

    code: ClassVar[str] = "model.feature_missing"


class CoreModel(msgspec.Struct, frozen=True, kw_only=True):
    """`segments`: keys of the core segments it can tell apart, in the order of its margins.

    Trees are kept beside it, in the format of their library.
    """

    segments: tuple[str, ...]
    features: tuple[str, ...]
    calibration: Calibration
    quantiles: Quantiles


class Assigned(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of each row: a place in the model's segments, how sure, and how sure of each."""

    labels: Labels
    sure: Numbers
    probabilities: Numbers


class Ready:
    """A model with its trees in memory, to ask about many or about one."""

    def __init__(self, model: CoreModel, booster: Any) -> None:
        self.model = model
        self._booster = booster

    @classmethod
    def opened(cls, model: CoreModel, trees: bytes, threads: int = classifier.THREADS) -> "Ready":
        """Return the model with the trees of its artefact."""
        return cls(model, classifier.unpacked(trees, threads))

    def matrix(self, values: Mapping[str, Numbers]) -> Numbers:
        """Return the features as a row a customer; raises `FeatureMissingError`."""
        missing = [name for name in self.model.features if name not in values]
        if missing:
            raise FeatureMissingError(f"the model goes by {missing[0]}, which is no feature any more: train it anew")
        rows = np.column_stack([values[name] for name in self.model.features])
        return np.where(np.isfinite(rows), rows, np.nan)

    def assigned(self, rows: Numbers) -> Assigned:
        """Say which segment each row is in."""
        sure = classifier.probabilities_of(self._booster, self.model.calibration, rows)
        labels = sure.argmax(axis=1)
        return Assigned(labels=labels, sure=sure[np.arange(labels.size), labels], probabilities=sure)

    def reasons(self, rows: Numbers, labels: Labels, *, exact: bool | None = None) -> list[str]:
        """Return why each row is in its segment, as JSON."""
        weights = effects(self._booster, rows, labels, exact=exact)
        return reasons(self.model.features, rows, weights, self.model.quantiles)

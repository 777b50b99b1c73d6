"""By what customers are alike: the features that clusters go by, on one scale."""

from collections.abc import Mapping

from domain.scoring.core import core_features
from workers.scoring.clusters.scaling import Scale, fitted, scaled
from workers.scoring.kind import Numbers


def sides(values: Mapping[str, Numbers]) -> Numbers:
    """Return a row a customer, from values that hold all features."""
    declared = core_features()
    chosen = {name: column for name, column in values.items() if declared[name].cluster}
    scales: dict[str, Scale] = {name: declared[name].scale for name in chosen}
    return scaled(fitted(chosen, scales), chosen)

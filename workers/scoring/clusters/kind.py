"""The kind `clusters`: customers who are alike, by their own cluster's key."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from domain.scoring.core import core_features
from domain.scoring.kinds import Words
from workers.scoring.artefact import Artefact
from workers.scoring.clusters.choosing import FEWEST, MOST
from workers.scoring.clusters.model import Clusters, grouped
from workers.scoring.clusters.scaling import Scale
from workers.scoring.drift import reference, references
from workers.scoring.features import numbers
from workers.scoring.kind import Learned, Numbers, ParameterError, Scores, Source, Told


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`k`: how many clusters, 0 to choose by stability; the seed of the beginnings."""

    k: int = 0
    seed: int = 1


def columns() -> dict[str, str]:
    """Return the features that clusters go by, and on which scale each is."""
    return {key: one.scale for key, one in core_features().items() if one.cluster}


class ClusterKind:
    """k-means++ over what customers are known by."""

    parameters = Parameters

    def train(
        self, source: Source, at: datetime, parameters: Parameters, *, previous: Artefact | None, told: Told
    ) -> Learned:
        """Find clusters among everybody known at `at`, beginning from the last ones."""
        if parameters.k and not FEWEST <= parameters.k <= MOST:
            detail = f"so many clusters cannot be named: from {FEWEST} to {MOST}, or 0 to choose"
            raise ParameterError(detail, field="parameters.k")
        told("features", 0, 1)
        values = known(source, at)
        scales: dict[str, Scale] = {name: core_features()[name].scale for name in values}
        words = {name: Words(one.zh, one.en) for name, one in core_features().items()}
        found = grouped(
            values,
            scales,
            words,
            seed=parameters.seed,
            k=parameters.k or None,
            previous=None if previous is None else msgspec.convert(previous.numbers, Clusters),
            told=told,
        )
        return Learned(
            artefact=Artefact(
                kind="clusters",
                parameters=msgspec.to_builtins(parameters),
                numbers=msgspec.to_builtins(found.clusters),
                references=references(values),
                scored=reference(found.clusters.distances(values, found.labels)),
            ),
            cut_at=at,
            data_since=None,
            rows=found.labels.size,
            features=tuple(values),
            metrics=found.metrics,
            report=found.report,
        )

    def score(self, artefact: Artefact, source: Source, at: datetime, *, told: Told) -> Scores:
        """Say whose cluster everybody known at `at` is in; `value` is how far she is from its centre."""
        told("features", 0, 1)
        wanted = {name: core_features()[name].value for name in columns()}
        table = source.values(wanted, at)
        values = {name: numbers(table, name) for name in wanted}
        clusters = msgspec.convert(artefact.numbers, Clusters)
        labels = clusters.labels(values)
        told("scores", 1, 1)
        said = {
            "profile_id": table["profile_id"],
            "value": clusters.distances(values, labels),
            "label": pa.array(np.asarray(clusters.keys)[labels], pa.string()),
        }
        return Scores(table=pa.table(said), features=values)


def known(source: Source, at: datetime) -> Mapping[str, Numbers]:
    """Return what clusters go by of everybody at an instant."""
    wanted = {name: core_features()[name].value for name in columns()}
    table = source.values(wanted, at)
    return {name: numbers(table, name) for name in wanted}


CLUSTERS: Final = ClusterKind()

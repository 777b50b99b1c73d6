"""Clusters that were learned: who belongs to which, under a name that stays from run to run."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from domain.scoring.kinds import Words
from workers.scoring.clusters.choosing import chosen, tried
from workers.scoring.clusters.fitting import Fit, Labels, assigned, fit, fit_from
from workers.scoring.clusters.matching import ALIKE, flows, matched
from workers.scoring.clusters.naming import Distinction, distinctions, named
from workers.scoring.clusters.scaling import Scale, Scaling, fitted, scaled
from workers.scoring.kind import NothingToLearnError, Numbers, Told, silent

_DIGITS: Final = 6
_TYPICAL: Final = 5


class Clusters(msgspec.Struct, frozen=True, kw_only=True):
    """The clusters: how features are scaled, where the centres lie, and each one's key and names.

    A key is `c<scheme>_<number>`. The scheme goes up when the clusters are others than before, so that a rule that
    names a key never means other customers than it did.
    """

    scaling: Scaling
    centres: list[list[float]]
    scheme: int
    keys: tuple[str, ...]
    names: tuple[Words, ...]

    def labels(self, values: Mapping[str, Numbers]) -> Labels:
        """Return the cluster of each customer, as a place in `keys`."""
        return assigned(scaled(self.scaling, values), np.asarray(self.centres))

    def distances(self, values: Mapping[str, Numbers], labels: Labels) -> Numbers:
        """Return how far each customer is from the centre of her cluster, in spreads."""
        far = scaled(self.scaling, values) - np.asarray(self.centres)[labels]
        return np.asarray(np.sqrt((far * far).sum(axis=1)))


class Grouped(msgspec.Struct, frozen=True, kw_only=True):
    """What a training came to: the clusters, who is in which, and how they came about."""

    clusters: Clusters
    labels: Labels
    metrics: dict[str, float]
    report: dict[str, Any]


def grouped(
    values: Mapping[str, Numbers],
    scales: Mapping[str, Scale],
    words: Mapping[str, Words],
    *,
    seed: int,
    k: int | None = None,
    previous: Clusters | None = None,
    told: Told = silent,
) -> Grouped:
    """Find clusters, from the last ones if there are any, so that names stay.

    If fewer than nine customers of ten stay where they were, the clusters are found anew, under a new scheme.

    Raises:
        NothingToLearnError: there are fewer different customers than clusters.
    """
    if not values or next(iter(values.values())).size == 0:
        raise NothingToLearnError("nobody is known: there is nothing to find clusters in")
    if previous is not None and previous.scaling.names == tuple(values) and k in (None, len(previous.keys)):
        rows = scaled(previous.scaling, values)
        warm = fit_from(rows, np.asarray(previous.centres))
        before = assigned(rows, np.asarray(previous.centres))
        pairs = matched(before, warm.labels, len(previous.keys), len(previous.keys))
        if pairs.kept >= ALIKE:
            told("clusters", 1, 1)
            keys = tuple(previous.keys[pairs.old_of[place]] for place in range(len(previous.keys)))
            again = _told(previous.scaling, rows, warm, values, words, previous.scheme, keys)
            kept = {previous.keys[pairs.old_of[place]]: place for place in range(len(keys))}
            names = tuple(previous.names[previous.keys.index(key)] for key in keys)
            return _with(again, names, pairs.kept, flows(before, warm.labels, len(keys), len(keys)), kept)
    return _anew(values, scales, words, seed=seed, k=k, previous=previous, told=told)


def _anew(
    values: Mapping[str, Numbers],
    scales: Mapping[str, Scale],
    words: Mapping[str, Words],
    *,
    seed: int,
    k: int | None,
    previous: Clusters | None,
    told: Told,
) -> Grouped:
    scaling = fitted(values, scales)
    rows = scaled(scaling, values)
    attempts = [] if k else tried(rows, seed=seed, told=told)
    found = _by_size(fit(rows, k or chosen(attempts), seed=seed))
    scheme = 1 if previous is None else previous.scheme + 1
    keys = tuple(f"c{scheme}_{number}" for number in range(1, found.centres.shape[0] + 1))
    told("clusters", 1, 1)
    new = _told(scaling, rows, found, values, words, scheme, keys)
    report = new.report | {"tried": msgspec.to_builtins(attempts)}
    if previous is not None and previous.scaling.names == tuple(values):
        before = previous.labels(values)
        pairs = matched(before, found.labels, len(previous.keys), len(keys))
        report |= {"flows": flows(before, found.labels, len(previous.keys), len(keys)), "before": list(previous.keys)}
        return msgspec.structs.replace(new, report=report, metrics=new.metrics | {"kept": round(pairs.kept, _DIGITS)})
    return msgspec.structs.replace(new, report=report)


def _by_size(found: Fit) -> Fit:
    """Number the clusters by size, the largest first, so that the order of the rows does not name them."""
    sizes = np.bincount(found.labels, minlength=found.centres.shape[0])
    order = np.lexsort((*found.centres.T[::-1].round(_DIGITS), -sizes))
    return Fit(found.centres[order], np.argsort(order)[found.labels], found.inertia)


def _told(
    scaling: Scaling,
    rows: Numbers,
    found: Fit,
    values: Mapping[str, Numbers],
    words: Mapping[str, Words],
    scheme: int,
    keys: tuple[str, ...],
) -> Grouped:
    apart = [distinctions(rows, found.labels == place, scaling.names, values, _TYPICAL) for place in range(len(keys))]
    names = tuple(named(apart, words))
    clusters = Clusters(scaling=scaling, centres=found.centres.tolist(), scheme=scheme, keys=keys, names=names)
    sizes = np.bincount(found.labels, minlength=len(keys))
    return Grouped(
        clusters=clusters,
        labels=found.labels,
        metrics={"k": float(len(keys)), "inertia_per_row": found.inertia / rows.shape[0], "scheme": float(scheme)},
        report={"clusters": [_one(*one) for one in zip(keys, names, sizes.tolist(), apart, strict=True)]},
    )


def _one(key: str, name: Words, size: int, apart: Sequence[Distinction]) -> dict[str, Any]:
    return {
        "key": key,
        "zh": name.zh,
        "en": name.en,
        "size": size,
        "typical": msgspec.to_builtins(apart),
    }


def _with(
    again: Grouped, names: tuple[Words, ...], kept: float, flowing: list[list[int]], places: Mapping[str, int]
) -> Grouped:
    """Return a warm start's result under the names that it had, with who went where."""
    clusters = msgspec.structs.replace(again.clusters, names=names)
    told = again.report["clusters"]
    for key, place in places.items():
        told[place] |= {"key": key, "zh": names[place].zh, "en": names[place].en}
    return msgspec.structs.replace(
        again,
        clusters=clusters,
        metrics=again.metrics | {"kept": round(kept, _DIGITS)},
        report=again.report | {"flows": flowing, "before": list(again.clusters.keys)},
    )

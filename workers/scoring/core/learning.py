"""Learn the core segments: first labels, what supports them, the classifier, and how good all of it proved."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.scoring.core import core_segments
from workers.scoring.clusters.fitting import Labels, different, fit
from workers.scoring.clusters.matching import flows
from workers.scoring.core import classifier, reporting
from workers.scoring.core.alike import sides
from workers.scoring.core.classifier import Classified
from workers.scoring.core.labels import NONE, Taught, judged, taught
from workers.scoring.core.model import Assigned, CoreModel, Ready
from workers.scoring.core.reasons import quantiles
from workers.scoring.kind import NothingToLearnError, Numbers, Told, silent

# Finer than what is shown to people: a cluster only has to be purer than everybody.
_CLUSTERS: Final = 12
_DIGITS: Final = 6


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of everybody: features, the first rule that holds, what people said (-1: nothing).

    `lot`: whether she is one of those by whom the classifier is judged (`labels.LOT`).
    """

    values: Mapping[str, Numbers]
    ruled: Labels
    reviewed: Labels
    lot: NDArray[np.bool_]


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """The model, its trees, what it says of everybody, and how good it is."""

    model: CoreModel
    trees: bytes
    assigned: Assigned
    metrics: dict[str, float]
    report: dict[str, Any]


def learn(known: Known, *, seed: int, previous: Ready | None = None, told: Told = silent) -> Learnt:
    """Learn from everybody; `previous` is the version that speaks, to tell who moves.

    Raises:
        NothingToLearnError: too few customers, or too few in all but one segment.
    """
    keys = tuple(core_segments())
    if known.ruled.size < _CLUSTERS:
        raise NothingToLearnError(f"fewer than {_CLUSTERS} customers ever did anything: bring in more history")
    teaching = taught(known.ruled, known.reviewed, _clusters(known.values, seed), len(keys))
    names = tuple(known.values)
    rows = np.column_stack([known.values[name] for name in names])
    rows = np.where(np.isfinite(rows), rows, np.nan)
    fair = judged(known.reviewed != NONE, known.lot) if teaching.by_people else None
    found = classifier.learned(rows, teaching.labels, seed=seed, fair=fair, told=told)
    model = CoreModel(
        segments=tuple(keys[one] for one in found.classes),
        features=names,
        calibration=found.calibration,
        quantiles=quantiles(known.values),
    )
    ready = Ready(model, found.booster)
    assigned = ready.assigned(rows)
    places = np.asarray(found.classes)[assigned.labels]
    metrics, report = _proved(known, rows, teaching, found, places, seed)
    metrics["sureness"] = float(assigned.sure.mean())
    if previous is not None:
        metrics["kept"], report["flows"] = _flows(previous, known.values, places, keys)
    return Learnt(
        model=model,
        trees=classifier.packed(found.booster),
        assigned=assigned,
        metrics={name: round(float(value), _DIGITS) for name, value in metrics.items()},
        report=report,
    )


def _proved(
    known: Known, rows: Numbers, teaching: Taught, found: Classified, places: Labels, seed: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return how good the classifier is on rows it had not learned from, and what it makes of everybody."""
    keys = tuple(core_segments())
    unseen = np.asarray(found.classes)[found.unseen.argmax(axis=1)]
    said = teaching.labels[found.rows]
    halves, by_segment = _stability(rows, teaching.labels, found.classes, seed)
    metrics = {
        "accuracy": float((unseen == said).mean()),
        "calibration_error": found.calibration_error,
        "stability": halves,
        "agreement_with_rules": reporting.agreement(known.ruled, places, len(keys))[0],
        "by_people": float(teaching.by_people),
        "taught": float((teaching.labels != NONE).sum()),
        "judged_by": float(found.rows.size),
    }
    report: dict[str, Any] = {
        "segments": reporting.segments(known.values, places, keys),
        "stability": dict(zip(keys, by_segment, strict=True)),
        "confusion": reporting.confusion(said, unseen, keys),
        "rules": {"keys": list(keys), "counts": _rules(known.ruled, places, len(keys))},
    }
    if teaching.by_people:
        by_rules = known.ruled[found.rows]
        metrics["accuracy_of_rules"] = float((by_rules == said).mean())
        report["confusion_of_rules"] = reporting.confusion(said, by_rules, keys)
    return metrics, report


def _clusters(values: Mapping[str, Numbers], seed: int) -> Labels:
    rows = sides(values)
    return fit(rows, different(rows, _CLUSTERS), seed=seed).labels


def _stability(rows: Numbers, labels: Labels, classes: tuple[int, ...], seed: int) -> tuple[float, list[float | None]]:
    """Return how alike two classifiers label everybody, each learned from another half."""
    learned = classifier.sampled(labels, classes, classifier.MOST_ROWS, seed)
    learned = np.random.default_rng(seed).permutation(learned)
    some = rows[:: max(1, rows.shape[0] // classifier.MOST_ROWS)]
    target = np.searchsorted(classes, labels[learned])
    halves = np.array_split(np.arange(learned.size), 2)
    found = classifier.boosted_each(rows[learned], target, halves, len(classes), seed=seed)
    said = [np.asarray(classes)[classifier.margins_of(booster, some).argmax(axis=1)] for booster in found]
    return reporting.agreement(said[0], said[1], len(core_segments()))


def _rules(ruled: Labels, places: Labels, classes: int) -> list[list[int]]:
    """Return where the classifier put those whom each rule names; the last row are those whom none does."""
    return flows(np.where(ruled == NONE, classes, ruled), places, classes + 1, classes)


def _flows(
    previous: Ready, values: Mapping[str, Numbers], places: Labels, keys: tuple[str, ...]
) -> tuple[float, dict[str, Any]]:
    before = previous.assigned(previous.matrix(values)).labels
    was = np.array([keys.index(one) for one in previous.model.segments])[before]
    kept = reporting.agreement(was, places, len(keys))[0]
    return kept, {"keys": list(keys), "counts": flows(was, places, len(keys), len(keys))}

"""`classify`: core segments learned and told to a million customers; how right they are where the truth is known."""

import time
from typing import Final

import msgspec
import numpy as np

from domain.scoring.core import core_segments
from workers.bench.report import Floor, Report, load, percentile
from workers.bench.town import Town, crowd, likeness, town
from workers.scoring.clusters.fitting import Labels
from workers.scoring.core.calibration import expected_error
from workers.scoring.core.classifier import MOST_ROWS
from workers.scoring.core.labels import NONE, first
from workers.scoring.core.learning import Known, Learnt, learn
from workers.scoring.core.model import Ready
from workers.scoring.kind import Numbers

DEFAULT_ITEMS: Final = 1_000_000
_REVIEWED: Final = (0, 300, 1_000, 2_000)
# Towns that no choice was made on.
_OTHERS: Final = (1, 2, 3)
_SINGLE: Final = 1_000
_KEYS: Final = tuple(core_segments())


async def classify(items: int) -> Report:
    """Learn from so many and tell everybody; one row at a time; the floor is one matrix product with the features."""
    began = time.perf_counter()
    home = town(0)
    further = _rightness("", home, _REVIEWED)
    for number in _OTHERS:
        further |= _rightness(f"town {number}: ", town(number), (0, 2_000))
    values = crowd(items, home)
    like = likeness(items, home)
    ruled = home.known.ruled[like]
    reviewed = np.where(np.arange(items) % 50 == 0, home.truth[like], NONE)
    known = Known(values=values, ruled=ruled, reviewed=reviewed, lot=np.arange(items) % 5 == 0)
    cpu, fitting = time.process_time(), time.perf_counter()
    found = learn(known, seed=1)
    further["rows of the stratified sample that is learned from"] = float(MOST_ROWS)
    seconds, cpu = time.perf_counter() - fitting, time.process_time() - cpu
    ready = Ready.opened(found.model, found.trees)
    rows = ready.matrix(values)
    scoring = time.perf_counter()
    said = ready.assigned(rows)
    further["seconds to tell everybody theirs once more"] = time.perf_counter() - scoring
    reasons = time.perf_counter()
    ready.reasons(rows[:100_000], said.labels[:100_000], exact=False)
    further["seconds of reasons for 100,000, approximate"] = time.perf_counter() - reasons
    single = _one_by_one(found, rows)
    floor = _floor(rows)
    return Report(
        bench="classify",
        value=items / seconds,
        unit="customers/s",
        floor=Floor("one matrix product with the features, and its largest column", items / floor, "customers/s"),
        ratio=floor / seconds,
        cpu_ms_per_item=cpu * 1000 / items,
        items=items,
        lost=0,
        duplicated=0,
        seconds=time.perf_counter() - began,
        load=load(),
        p50_ms=percentile(single, 0.5),
        p95_ms=percentile(single, 0.95),
        p99_ms=percentile(single, 0.99),
        further=further,
    )


def _rightness(title: str, of: Town, reviewed: tuple[int, ...]) -> dict[str, float]:
    """Return how often rules alone and the classifier are right about the half of the town that nobody reviewed."""
    unseen = np.arange(of.truth.size) % 2 == 1
    told = {f"{title}rules alone, right": float((of.known.ruled == of.truth)[unseen].mean())}
    half = np.flatnonzero(~unseen)
    for count in (*reviewed, half.size):
        labels = np.full(of.truth.size, NONE)
        labels[half[:count]] = of.truth[half[:count]]
        found = learn(msgspec.structs.replace(of.known, reviewed=labels), seed=1)
        places, sure = _said(found, of.known)
        name = f"{title}{count:,} customers reviewed" + (" (as many as there are)" if count == half.size else "")
        told[f"{name}, right"] = float((places == of.truth)[unseen].mean())
        told[f"{name}, calibration error"] = expected_error(sure[unseen], of.truth[unseen])
        if count == reviewed[-1] and not title:
            told |= {
                f"{key}: recall": float((places == of.truth)[unseen & (of.truth == place)].mean())
                for place, key in enumerate(_KEYS)
            }
            told |= {
                f"{key}: recall of rules": float((of.known.ruled == place)[unseen & (of.truth == place)].mean())
                for place, key in enumerate(_KEYS)
            }
    return told


def _said(found: Learnt, known: Known) -> tuple[Labels, Numbers]:
    ready = Ready.opened(found.model, found.trees)
    said = ready.assigned(ready.matrix(known.values))
    segments = np.array([_KEYS.index(key) for key in found.model.segments])
    sure = np.zeros((said.labels.size, len(_KEYS)))
    sure[:, segments] = said.probabilities
    return segments[said.labels], sure


def _one_by_one(found: Learnt, rows: Numbers) -> list[float]:
    ready = Ready.opened(found.model, found.trees, threads=1)
    times = []
    for row in range(_SINGLE):
        began = time.perf_counter()
        ready.assigned(rows[row : row + 1])
        times.append((time.perf_counter() - began) * 1000)
    return times


def _floor(rows: Numbers) -> float:
    weights = np.ones((rows.shape[1], len(_KEYS)))
    began = time.perf_counter()
    first((rows @ weights) > 0)
    return time.perf_counter() - began

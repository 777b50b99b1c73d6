"""`cluster`: a million customers put into clusters and told theirs, as good as many starts find them."""

import time
from typing import Final

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from domain.scoring.core import core_features
from domain.scoring.kinds import Words
from workers.bench.report import Floor, Report, load
from workers.bench.town import crowd
from workers.scoring.clusters.fitting import fit
from workers.scoring.clusters.model import grouped
from workers.scoring.clusters.scaling import Scale, scaled
from workers.scoring.kind import Numbers

DEFAULT_ITEMS: Final = 1_000_000
_K: Final = 8
_COMPARED: Final = 20_000
_STARTS: Final = 100


async def cluster(items: int) -> Report:
    """Fit and assign so many customers; the floor is one matrix product for each round of Lloyd's algorithm."""
    began = time.perf_counter()
    declared = core_features()
    values = {name: column for name, column in crowd(items).items() if declared[name].cluster}
    scales: dict[str, Scale] = {name: declared[name].scale for name in values}
    words = {name: Words(declared[name].zh, declared[name].en) for name in values}
    further: dict[str, float] = {}
    cpu, fitting = time.process_time(), time.perf_counter()
    found = grouped(values, scales, words, seed=1, k=_K)
    further["seconds to fit 8 clusters"] = time.perf_counter() - fitting
    assigning = time.perf_counter()
    again = found.clusters.labels(values)
    further["seconds to tell everybody theirs"] = time.perf_counter() - assigning
    seconds, cpu = time.perf_counter() - fitting, time.process_time() - cpu
    further["share who are told what they were put into"] = float((again == found.labels).mean())
    warm = time.perf_counter()
    kept = grouped(values, scales, words, seed=1, previous=found.clusters)
    further["seconds of a warm start"] = time.perf_counter() - warm
    further["share who keep their cluster on unchanged data"] = float((kept.labels == found.labels).mean())
    choosing = time.perf_counter()
    chosen = grouped(values, scales, words, seed=1)
    further["seconds to choose k from 4 to 12 as well"] = time.perf_counter() - choosing
    further["k chosen"] = float(len(chosen.clusters.keys))
    rows = scaled(found.clusters.scaling, values)
    further |= _against_many_starts(rows[:_COMPARED])
    floor = _floor(rows, found.clusters.centres)
    return Report(
        bench="cluster",
        value=items / seconds,
        unit="customers/s",
        floor=Floor("a matrix product for each of 30 rounds, and one pass", items / floor, "customers/s"),
        ratio=floor / seconds,
        cpu_ms_per_item=cpu * 1000 / items,
        items=items,
        lost=0,
        duplicated=0,
        seconds=time.perf_counter() - began,
        load=load(),
        further=further,
    )


def _against_many_starts(rows: Numbers) -> dict[str, float]:
    with threadpool_limits(limits=1):
        best = float(KMeans(_K, n_init=_STARTS, random_state=0).fit(rows).inertia_)
    ours = fit(rows, _K, seed=1, sample=_COMPARED // 2).inertia
    return {"inertia over scikit-learn's best of 100 starts (20,000 rows)": ours / best}


def _floor(rows: Numbers, centres: list[list[float]]) -> float:
    """Return the seconds of thirty rounds of nothing but distances, and a pass over the rows."""
    across = np.asarray(centres).T
    began = time.perf_counter()
    with threadpool_limits(limits=1):
        for _ in range(30):
            rows @ across
        rows.sum(axis=0)
    return time.perf_counter() - began

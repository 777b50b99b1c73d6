"""Clusters: as good as many starts find them, as many as are stable, the same names from run to run."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from domain.scoring.kinds import Words
from workers.scoring.clusters.choosing import Tried, chosen, tried
from workers.scoring.clusters.fitting import assigned, fit
from workers.scoring.clusters.matching import flows, matched
from workers.scoring.clusters.model import grouped
from workers.scoring.clusters.scaling import Scale, fitted, scaled
from workers.scoring.kind import NothingToLearnError, Numbers

NAMES = ("orders", "spent", "visits", "live")
SCALES: dict[str, Scale] = {"orders": "count", "spent": "money", "visits": "share", "live": "count"}
WORDS = {name: Words(zh=f"{name}数", en=name.title()) for name in NAMES}


def blobs(k: int, rows: int, columns: int, *, seed: int = 3, wide: float = 1.0) -> Numbers:
    """Rows around k centres."""
    random = np.random.default_rng(seed)
    centres = random.normal(0.0, 6.0, (k, columns))
    return np.asarray(centres[random.integers(0, k, rows)] + random.normal(0.0, wide, (rows, columns)))


def customers(rows: int = 3_000, *, seed: int = 3, drift: float = 0.0) -> dict[str, Numbers]:
    """Customers of five kinds."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, 5, rows)
    means = np.array([[2, 8, 1, 0], [4, 11, 1, 0], [1, 6, 5, 0], [2, 8, 3, 3], [0, 0, 9, 0]], np.float64)
    told = means[kind] + drift * means[::-1][kind] + random.normal(0.0, 0.3, (rows, 4))
    return {
        name: told[:, place] if SCALES[name] == "share" else np.expm1(np.maximum(told[:, place], 0.0))
        for place, name in enumerate(NAMES)
    }


def picked(values: dict[str, Numbers], rows: NDArray[np.int64]) -> dict[str, Numbers]:
    """Some rows, or all in another order."""
    return {name: column[rows] for name, column in values.items()}


def test_nothing_better_is_found_by_a_hundred_starts() -> None:
    """Ten starts on a sample, then Lloyd's algorithm over all rows: within 0.3 % of the best of a hundred."""
    rows = blobs(8, 3_000, 6, wide=4.0)
    with threadpool_limits(limits=1):
        best = KMeans(8, n_init=100, random_state=0).fit(rows).inertia_
    assert fit(rows, 8, seed=1, sample=1_500).inertia <= best * 1.003


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Scores can be reproduced."""
    rows = blobs(5, 2_000, 4)
    one, other = fit(rows, 5, seed=7), fit(rows, 5, seed=7)
    assert one.centres.tobytes() == other.centres.tobytes()
    assert one.labels.tobytes() == other.labels.tobytes()
    assert (assigned(rows, one.centres) == one.labels).mean() > 0.999


def test_as_many_clusters_as_are_found_again() -> None:
    """Six kinds of customers are six clusters."""
    found = tried(blobs(6, 6_000, 5), seed=1, fewest=4, most=9)
    assert chosen(found) == 6
    assert [one.k for one in found] == [4, 5, 6, 7, 8, 9]
    assert next(one.stability for one in found if one.k == 6) > 0.99


def test_of_the_stable_numbers_the_largest_that_still_sets_apart() -> None:
    """Where none is stable, the most stable."""
    assert chosen([_tried(4, 1.0, 0.5), _tried(5, 0.96, 0.48), _tried(6, 0.99, 0.4), _tried(7, 0.9, 0.49)]) == 5
    assert chosen([_tried(4, 0.5, 0.5), _tried(5, 0.8, 0.1), _tried(6, 0.8, 0.1)]) == 5


def test_unchanged_customers_stay_under_the_same_name() -> None:
    """At least 98 of 100; a warm start keeps all but who is on a border."""
    values = customers()
    first = grouped(values, SCALES, WORDS, seed=1, k=5)
    again = grouped(values, SCALES, WORDS, seed=99, previous=first.clusters)
    assert (again.labels == first.labels).mean() >= 0.98
    assert (again.clusters.keys, again.clusters.names) == (first.clusters.keys, first.clusters.names)
    assert again.metrics["kept"] >= 0.98
    grown = grouped(customers(6_000, seed=4), SCALES, WORDS, seed=1, previous=first.clusters)
    assert grown.clusters.keys == first.clusters.keys


def test_other_clusters_get_other_keys() -> None:
    """A rule that names a cluster never comes to mean other customers without a word."""
    first = grouped(customers(), SCALES, WORDS, seed=1, k=5)
    moved = grouped(customers(drift=1.0), SCALES, WORDS, seed=1, k=5, previous=first.clusters)
    assert first.clusters.keys == ("c1_1", "c1_2", "c1_3", "c1_4", "c1_5")
    assert moved.clusters.keys == ("c2_1", "c2_2", "c2_3", "c2_4", "c2_5")
    assert moved.report["before"] == list(first.clusters.keys)
    assert moved.metrics["kept"] < 0.9
    more = grouped(customers(), SCALES, WORDS, seed=1, k=6, previous=first.clusters)
    assert more.clusters.scheme == 2


def test_the_order_of_the_rows_names_nobody() -> None:
    """Keys go by size, names by what sets a cluster apart."""
    values = customers()
    shuffled = np.random.default_rng(5).permutation(3_000)
    one = grouped(values, SCALES, WORDS, seed=1, k=5)
    other = grouped(picked(values, shuffled), SCALES, WORDS, seed=1, k=5)
    assert one.clusters.names == other.clusters.names
    assert (one.labels[shuffled] == other.labels).mean() > 0.99
    assert len(set(one.clusters.names)) == 5


def test_names_say_what_sets_a_cluster_apart() -> None:
    """In Chinese and English, against everybody."""
    told = grouped(customers(), SCALES, WORDS, seed=1, k=5).report["clusters"]
    (live,) = [one for one in told if one["typical"][0]["feature"] == "live"]
    assert live["en"].startswith("Live: high")
    assert live["zh"].startswith("live数高")


def test_scaling_survives_what_data_bring() -> None:
    """What nobody varies in says nothing; what is not known is the middle; nobody is far enough out to be alone."""
    values = {
        "orders": np.array([1.0, 2.0, np.nan, 4.0, 1e12]),
        "spent": np.full(5, 7.0),
        "visits": np.full(5, np.nan),
        "live": np.array([0.0, 0.0, 0.0, 0.0, np.inf]),
    }
    rows = scaled(fitted(values, SCALES), values)
    assert np.isfinite(rows).all()
    assert np.abs(rows).max() <= 4.0
    assert (rows[:, 1:] == 0).all()
    assert rows[2, 0] == 0


def test_too_few_different_customers_are_a_clear_problem() -> None:
    """Fewer rows than clusters, all alike, nobody at all."""
    with pytest.raises(NothingToLearnError, match="fewer than 4"):
        fit(blobs(2, 3, 2), 4, seed=1)
    with pytest.raises(NothingToLearnError, match="fewer than 2"):
        fit(np.ones((50, 3)), 2, seed=1)
    with pytest.raises(NothingToLearnError, match="not a number"):
        fit(np.array([[np.nan], [1.0]]), 2, seed=1)
    with pytest.raises(NothingToLearnError, match="nobody"):
        grouped({}, {}, {}, seed=1)


def test_matching_keeps_the_most_where_they_were() -> None:
    """Renumbered clusters are the same clusters; who moved is counted."""
    old = np.array([0, 0, 0, 1, 1, 2])
    new = np.array([2, 2, 1, 0, 0, 1])
    found = matched(old, new, 3, 3)
    assert found.old_of == {2: 0, 0: 1, 1: 2}
    assert found.kept == pytest.approx(5 / 6)
    assert flows(old, new, 3, 3) == [[0, 1, 2], [2, 0, 0], [0, 1, 0]]


def _tried(k: int, stability: float, silhouette: float) -> Tried:
    return Tried(k=k, stability=stability, silhouette=silhouette)

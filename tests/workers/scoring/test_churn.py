"""Churn: the usual gap, snapshots whose outcomes are known, and figures beside recency alone."""

from datetime import UTC, datetime

import numpy as np
import pytest

from workers.bench.cdnow import cdnow
from workers.bench.ledger import cdnow_ledger
from workers.scoring.churn.gaps import Visits, usual_gaps
from workers.scoring.churn.kind import CHURN
from workers.scoring.churn.snapshots import Parameters, snapshots
from workers.scoring.features import numbers
from workers.scoring.kind import NothingToLearnError, read_parameters, silent

CDNOW = cdnow_ledger(cdnow())
AT = datetime(1998, 6, 30, 23, 59, tzinfo=UTC)


def visits(*days: list[int]) -> Visits:
    """Customers by the days on which they bought."""
    customer = [number for number, told in enumerate(days) for _ in told]
    return Visits(
        customer=np.array(customer, np.int64),
        day=np.array([d for told in days for d in told], np.int64),
        size=len(days),
    )


def test_a_usual_gap_is_ones_own_where_there_are_enough() -> None:
    """The 95th percentile of her gaps; with few gaps that of everybody's; within its bounds."""
    weekly, once, twice = list(range(0, 77, 7)), [5], [5, 40]
    found = usual_gaps(visits(weekly, once, twice), least=3, most=60)
    everybody = np.ceil(np.quantile([7.0] * 10 + [35.0], 0.95))
    assert found.tolist() == [7.0, everybody, everybody]
    own = [0, 1, 3, 6, 10, 15, 21]
    assert usual_gaps(visits(own), least=1, most=60)[0] == np.ceil(np.quantile([1, 2, 3, 4, 5, 6], 0.95))
    assert usual_gaps(visits(weekly), least=14, most=60).tolist() == [14.0]
    assert usual_gaps(visits(once), least=3, most=60).tolist() == [60.0]
    assert usual_gaps(visits([], [1]), least=3, most=60).size == 2


def test_back_in_time_is_within_the_gap() -> None:
    """On the last day of it still, the day after no more, and not what was before."""
    seen = visits([10, 17], [10, 18], [10])
    assert seen.returned(10, np.full(3, 7.0)).tolist() == [True, False, False]


def test_a_snapshot_sees_what_was_known_then() -> None:
    """What came later decides the outcome and no feature."""
    taken = snapshots(CDNOW, AT, Parameters(snapshots=2), silent)
    assert (taken[0].at - taken[1].at).days == 30
    assert (AT - taken[0].at).days == 91
    again = snapshots(CDNOW, taken[0].at, Parameters(snapshots=1, most_gap_days=-1), silent)[0]
    shared = [name for name in again.columns if name not in {"gap_days", "overdue"}]
    assert all(np.array_equal(again.columns[name], taken[0].columns[name]) for name in shared)


def test_churn_beats_recency_on_cdnow() -> None:
    """On the newest snapshot, by a model of what was known then; and is sure of itself by no more than it may be."""
    found = CHURN.train(CDNOW, AT, Parameters(), previous=None, told=silent)
    assert found.metrics["auc"] > found.metrics["recency_auc"] > 0.65
    assert found.metrics["auc_not_overdue"] > found.metrics["recency_auc_not_overdue"] + 0.05
    assert found.metrics["calibration_error"] < 0.06
    table = CHURN.score(found.artefact, CDNOW, AT, told=silent).table
    value = numbers(table, "value")
    assert ((value > 0) & (value < 1)).all()
    assert table["reasons"][0].as_py().count('"feature"') == 3


def test_without_outcomes_there_is_nothing_to_learn() -> None:
    """Too early a day, or everybody gone."""
    with pytest.raises(NothingToLearnError):
        CHURN.train(CDNOW, datetime(1997, 3, 1, tzinfo=UTC), Parameters(), previous=None, told=silent)
    with pytest.raises(NothingToLearnError):
        CHURN.train(CDNOW, datetime(1999, 3, 1, tzinfo=UTC), Parameters(snapshots=1), previous=None, told=silent)
    assert read_parameters(CHURN, {"every_days": "14"}).every_days == 14

"""Lifetime value in two stages: the bars on CDNOW, sums that are right, and data that cannot teach."""

from datetime import UTC, datetime

import numpy as np
import pytest

from workers.bench.cdnow import cdnow
from workers.bench.ledger import Ledger, cdnow_ledger
from workers.scoring.features import numbers
from workers.scoring.kind import Learned, NothingToLearnError, read_parameters, silent
from workers.scoring.ltv.kind import LTV
from workers.scoring.ltv.two_stage import fit
from workers.scoring.measuring import auc, calibration_error, gini

CDNOW = cdnow_ledger(cdnow())
# The end of the second 39 weeks.
AT = datetime(1998, 6, 30, 23, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
def trained() -> Learned:
    """Learned from 39 weeks and the next 39, each row left out three times."""
    told = read_parameters(LTV, {"horizon_days": 273, "repeats": 3})
    return LTV.train(CDNOW, AT, told, previous=None, told=silent)


def test_the_bars_on_cdnow_are_met(trained: Learned) -> None:
    """Five-fold cross-validation, three times: ranking above buy till you die, and sums that are right."""
    found = trained.metrics
    assert found["gini"] > 0.69 > found["past_rate_gini"] > found["btyd_gini"]
    assert found["spearman"] > found["btyd_spearman"]
    assert 0.95 < found["sum_ratio"] < 1.05
    assert found["pays_calibration_error"] < 0.03


def test_deciles_are_calibrated(trained: Learned) -> None:
    """The best tenth brings what was predicted of it."""
    table = trained.report["deciles"]
    assert len(table) == 10
    assert table[0]["predicted"] == pytest.approx(table[0]["actual"], rel=0.1)
    assert sum(row["actual"] for row in table[:3]) > 0.7 * sum(row["actual"] for row in table)


def test_scores_come_with_reasons_and_percentiles(trained: Learned) -> None:
    """Everybody who ever bought has an amount, a chance, a place among all, and three reasons."""
    artefact = trained.artefact
    table = LTV.score(artefact, CDNOW, AT, told=silent).table
    value, percentile = numbers(table, "value"), numbers(table, "percentile")
    assert table.num_rows == 2357
    assert (value > 0).all()
    assert (np.diff(percentile[np.argsort(value)]) >= 0).all()
    assert table["reasons"][0].as_py().count('"feature"') == 3
    nobody = LTV.score(artefact, Ledger.of([]), AT, told=silent).table
    assert nobody.num_rows == 0


def test_too_few_who_paid_teach_nothing() -> None:
    """Or everybody, or nobody within the horizon."""
    x, age = np.random.default_rng(1).normal(size=(500, 3)), np.arange(500.0)
    for spent in (np.zeros(500), np.ones(500), np.r_[np.ones(29), np.zeros(471)]):
        with pytest.raises(NothingToLearnError):
            fit(x, spent, age, seed=1)
    told = read_parameters(LTV, {"horizon_days": 30_000})
    with pytest.raises(NothingToLearnError, match="horizon_days"):
        LTV.train(CDNOW, AT, told, previous=None, told=silent)


def test_constant_features_and_missing_values_are_no_trap() -> None:
    """They are passed over; and a cohort that spends twice as much is rescaled to it."""
    rng = np.random.default_rng(2)
    age = rng.integers(1, 400, 3_000).astype(np.float64)
    x = np.column_stack([rng.normal(size=3_000), np.ones(3_000), np.full(3_000, np.nan)])
    spent = np.where(rng.random(3_000) < 0.4, rng.gamma(2.0, 50.0, 3_000) * np.exp(x[:, 0] / 2), 0.0)
    fitted, left_out = fit(x, spent, age, seed=3)
    assert len(fitted.factors) == len(fitted.borders) + 1
    assert left_out.value.sum() == pytest.approx(spent[left_out.rows].sum(), rel=0.05)
    assert gini(spent[left_out.rows], left_out.value) > 0.2


def test_figures_know_what_cannot_be_judged() -> None:
    """One class, no spending, ties: never a good figure by chance of the order."""
    assert auc(np.zeros(4), np.arange(4.0)) == 0.5
    assert auc(np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0])) == 1.0
    assert gini(np.zeros(3), np.arange(3.0)) == 0.0
    assert gini(np.array([9.0, 0.0, 0.0]), np.ones(3)) == pytest.approx(0.0)
    assert gini(np.array([3.0, 2.0, 1.0]), np.array([3.0, 2.0, 1.0])) == pytest.approx(1.0)
    assert calibration_error(np.array([1.0, 0.0] * 50), np.full(100, 0.5)) == pytest.approx(0.0)

"""Kinds of models as they are run: reproducible, blind to the future, plain about data that cannot teach."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from domain.scoring.rfm import CutPoints, score_of
from workers.bench.cdnow import cdnow
from workers.bench.ledger import START, Ledger, Row, cdnow_ledger
from workers.scoring.artefact import ArtefactError, packed, unpacked
from workers.scoring.drift import reference, stability
from workers.scoring.features import numbers
from workers.scoring.kind import NothingToLearnError, ParameterError, read_parameters, silent
from workers.scoring.registry import kind_of
from workers.scoring.rfm import RFM
from workers.scoring.running import figures

CDNOW = cdnow_ledger(cdnow())
ROWS: list[Row] = [
    (int(customer), START + timedelta(days=int(day)), "order.completed", round(dollars * 100))
    for customer, day, dollars in zip(
        cdnow().customer.tolist(), cdnow().day.tolist(), cdnow().dollars.tolist(), strict=True
    )
]
# The end of 30 September 1997, the published cut.
CUT = datetime(1997, 9, 30, 23, 59, tzinfo=UTC)
# The kinds that learn from purchases alone; those that ask for more have tests over a whole lake.
BY_PURCHASES = ("rfm", "ltv", "churn", "btyd")
SETTINGS: dict[str, dict[str, Any]] = {"churn": {"snapshots": 3, "most_gap_days": 60}}


def learned(name: str, source: Ledger, at: datetime = CUT, **said: Any) -> Any:
    """Train a kind."""
    kind = kind_of(name)
    told = read_parameters(kind, SETTINGS.get(name, {}) | said)
    return kind.train(source, at, told, previous=None, told=silent)


@pytest.mark.parametrize("name", BY_PURCHASES)
def test_the_same_data_give_the_same_bytes(name: str) -> None:
    """Artefact and scores, whatever order the rows came in."""
    shuffled = Ledger.of(ROWS[place] for place in np.random.default_rng(5).permutation(len(ROWS)))
    first, second = learned(name, CDNOW), learned(name, shuffled)
    assert packed(first.artefact) == packed(second.artefact)
    artefact = unpacked(packed(first.artefact))
    tables = [kind_of(name).score(artefact, source, CUT, told=silent).table for source in (CDNOW, shuffled)]
    assert tables[0].equals(tables[1])


@pytest.mark.parametrize("name", BY_PURCHASES)
def test_a_planted_future_changes_nothing(name: str) -> None:
    """Whoever buys for a fortune right after the instant would give the answer away: nobody sees it."""
    planted = [(customer, CUT + timedelta(seconds=1), "order.completed", 10**9) for customer in range(1, 2358, 2)]
    rows = [row for row in ROWS if row[1] <= CUT]
    before, after = learned(name, Ledger.of(rows)), learned(name, Ledger.of(rows + planted))
    assert packed(before.artefact) == packed(after.artefact)
    assert before.metrics == after.metrics
    tables = [
        kind_of(name).score(before.artefact, Ledger.of(found), CUT, told=silent).table
        for found in (rows, rows + planted)
    ]
    assert tables[0].equals(tables[1])


@pytest.mark.parametrize("name", BY_PURCHASES)
@pytest.mark.parametrize("rows", [[], [(1, START, "page.viewed", 0)]])
def test_nobody_who_bought_teaches_nothing(name: str, rows: list[Row]) -> None:
    """It is said, not guessed."""
    with pytest.raises(NothingToLearnError):
        learned(name, Ledger.of(rows))


def test_equal_customers_have_equal_rfm_scores() -> None:
    """Most bought once: they share a score; ntile would deal them out at random."""
    found = learned("rfm", CDNOW, window_days=0)
    scores = RFM.score(found.artefact, CDNOW, CUT, told=silent)
    frequency = numbers(scores.table, "frequency")
    assert np.unique(frequency[scores.features["frequency"] == 1]).tolist() == [1.0]
    cuts = CutPoints(**found.report["cut_points"])
    for place in range(0, scores.table.num_rows, 97):
        row = {name: float(scores.features[name][place]) for name in ("recency", "frequency", "monetary")}
        label = (
            f"{score_of(row['recency'], cuts.recency, less_is_better=True)}"
            f"{score_of(row['frequency'], cuts.frequency)}{score_of(row['monetary'], cuts.monetary)}"
        )
        assert scores.table["label"][place].as_py() == label
    order = np.argsort(scores.features["monetary"])
    assert (np.diff(numbers(scores.table, "monetary")[order]) >= 0).all()


def test_rfm_takes_refunds_off_and_counts_within_its_window() -> None:
    """Somebody who brought everything back, and somebody who bought long ago."""
    day = timedelta(days=1)
    rows = [(1, START, "order.completed", 900), (1, START + day, "order.refunded", 900)]
    rows += [(2, START + 400 * day, "order.completed", 500), (3, START + 401 * day, "order.completed", 700)]
    source, at = Ledger.of(rows), START + 402 * day
    found = learned("rfm", source, at)
    scores = RFM.score(found.artefact, source, at, told=silent)
    assert scores.features["monetary"].tolist() == [0.0, 500.0, 700.0]
    assert scores.features["recency"].tolist() == [402.0, 2.0, 1.0]
    assert scores.table["label"].to_pylist()[0] == "111"


def test_buy_till_you_die_proves_itself_on_what_came() -> None:
    """Trained at the end of 1997: the fit of 90 days before, against the 90 days; and says whether money is free."""
    found = learned("btyd", CDNOW, datetime(1997, 12, 31, 23, 59, tzinfo=UTC))
    assert found.metrics["proof_gini"] > 0.6
    assert 0.7 < found.metrics["proof_purchases_ratio"] < 1.3
    assert found.metrics["independence_holds"] == 1.0
    assert len(found.report["deciles"]) == 10
    scores = kind_of("btyd").score(found.artefact, CDNOW, CUT, told=silent).table
    assert scores.num_rows == 2357
    assert (numbers(scores, "value") >= 0).all()
    assert scores["reasons"][0].as_py().startswith('[{"feature":"')


def test_a_parameter_is_refused_by_name() -> None:
    """Unknown, or not of its form."""
    with pytest.raises(ParameterError, match="horizon_days") as unknown:
        read_parameters(kind_of("btyd"), {"horizon": 1})
    assert unknown.value.field == "parameters.horizon"
    with pytest.raises(ParameterError) as wrong:
        read_parameters(kind_of("btyd"), {"horizon_days": "soon"})
    assert wrong.value.field == "parameters.horizon_days"
    assert read_parameters(kind_of("btyd"), {"horizon_days": "30"}).horizon_days == 30
    with pytest.raises(ParameterError, match="kinds"):
        kind_of("oracle")


def test_an_artefact_is_data_or_refused() -> None:
    """Nothing in it is executed; what is none, or of another format, is said."""
    artefact = learned("rfm", CDNOW).artefact
    assert packed(unpacked(packed(artefact))) == packed(artefact)
    with pytest.raises(ArtefactError, match="no artefact"):
        unpacked(b"\x80\x04pickle")


def test_drift_is_nothing_on_the_same_data_and_much_on_other() -> None:
    """Constant features and missing values included."""
    rng = np.random.default_rng(3)
    then = rng.gamma(2.0, 100.0, 5_000)
    known = reference(then)
    assert stability(known, rng.gamma(2.0, 100.0, 5_000)) < 0.02
    assert stability(known, then * 2) > 0.25
    assert stability(known, np.where(rng.random(5_000) < 0.5, np.nan, then)) > 0.25
    constant = reference(np.full(500, 7.0))
    assert stability(constant, np.full(500, 7.0)) == pytest.approx(0.0)
    assert stability(constant, np.full(500, 8.0)) > 1
    assert stability(reference(np.full(500, np.nan)), np.full(500, np.nan)) == pytest.approx(0.0)
    assert stability(known, then[:50] * 9) == 0.0


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("ltv", "horizon_days", -5),
        ("ltv", "repeats", 0),
        ("churn", "every_days", 0),
        ("response", "within_days", "0"),
        ("rfm", "scores", 1),
    ],
)
def test_a_horizon_lies_ahead(kind: str, name: str, value: object) -> None:
    """With less than a day features would be cut after what they are to tell."""
    with pytest.raises(ParameterError) as wrong:
        read_parameters(kind_of(kind), {name: value})
    assert wrong.value.field == f"parameters.{name}"


def test_figures_of_nobody_are_no_figures() -> None:
    """JSON has no word for them: an event that holds one could never be read again."""
    assert figures({"auc": 0.71234567, "ratio": float("nan"), "lift": float("inf")}) == {"auc": 0.712346}

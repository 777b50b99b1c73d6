"""What a model decides: versions, which of them speaks, and that none is asked about what it learned from."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.scoring import errors
from domain.scoring.model import Drift, Evaluation, Model, ScoringRun, Training
from tests.spec import given

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


def a_training(kind: str = "ltv", until: datetime = UNTIL) -> Training:
    """A training whose outcomes reach to `until`."""
    return Training(
        kind=kind,
        data_since=datetime(2025, 1, 1, tzinfo=UTC),
        data_until=until,
        cut_at=until - timedelta(days=90),
        rows=100,
        features=("orders",),
        parameters={"horizon_days": 90},
        metrics={"gini": 0.7},
        report={},
        code_version="1",
        artefact="models/ltv/a.model",
        sha256="ab",
    )


def trained(version: int = 1, until: datetime = UNTIL) -> Model.Trained:
    """The event of a training."""
    training = a_training(until=until)
    fields = {name: getattr(training, name) for name in training.__struct_fields__}
    return Model.Trained(key="ltv", model_version=version, **fields)


def a_run(version: int = 1, at: datetime = UNTIL) -> ScoringRun:
    """A run as of an instant."""
    return ScoringRun(run_id=UUID(int=1), model_version=version, at=at, rows=9, path="scores/a.parquet", sha256="cd")


PROMOTED = Model.Promoted(model_version=1, reason="good")
SCORED: dict[str, Any] = {"run_id": UUID(int=1), "at": UNTIL, "rows": 9, "path": "scores/a.parquet", "sha256": "cd"}


def test_a_training_is_a_new_version_and_speaks_only_once_promoted() -> None:
    """A worse version must not replace a better one by being newer."""
    given(Model).when(lambda m: m.train("ltv", a_training())).then(trained()).then_answers(1)
    given(Model, trained()).when(lambda m: m.train("ltv", a_training())).then(trained(2))
    given(Model, trained(), trained(2)).when(lambda m: m.promote(1, " good ")).then(PROMOTED)


def test_a_key_belongs_to_one_kind() -> None:
    """Rules name the key and rely on what it says."""
    refused = given(Model, trained()).when(lambda m: m.train("ltv", a_training("churn")))
    assert refused.then_raises(errors.KindChangedError).field == "kind"


def test_what_cannot_be_promoted_or_retired() -> None:
    """An unknown version, one that speaks already, one that was retired; and always a reason is asked for."""
    given(Model, trained()).when(lambda m: m.promote(2, "x")).then_raises(errors.ModelNotFoundError)
    given(Model, trained(), PROMOTED).when(lambda m: m.promote(1, "x")).then_raises(errors.AlreadyPromotedError)
    given(Model, trained()).when(lambda m: m.promote(1, " ")).then_raises(errors.ModelTermsError)
    retired = Model.Retired(model_version=1, reason="wrong data")
    given(Model, trained(), PROMOTED).when(lambda m: m.retire(1, "wrong data")).then(retired)
    gone = given(Model, trained(), PROMOTED, retired)
    gone.when(lambda m: m.promote(1, "x")).then_raises(errors.ModelRetiredError)
    gone.when(lambda m: m.retire(1, "x")).then_raises(errors.ModelRetiredError)
    gone.when(lambda m: m.note_scores(a_run())).then_raises(errors.ModelRetiredError)
    assert Model.rebuilt(UUID(int=3), [trained(), PROMOTED, retired]).promoted is None


def test_scores_are_predictions_only_of_the_version_that_speaks() -> None:
    """Others may be tried in the shadow."""
    live = Model.Scored(model_version=1, is_live=True, **SCORED)
    given(Model, trained(), PROMOTED).when(lambda m: m.note_scores(a_run())).then(live)
    shadow = Model.Scored(model_version=1, is_live=False, **SCORED)
    given(Model, trained()).when(lambda m: m.note_scores(a_run())).then(shadow)


def test_a_version_is_never_asked_about_what_it_learned_from() -> None:
    """What it says of then would be what it saw: a leak."""
    early = a_run(at=UNTIL - timedelta(seconds=1))
    given(Model, trained()).when(lambda m: m.note_scores(early)).then_raises(errors.KnowsTheFutureError)
    found = Evaluation(cut_at=UNTIL - timedelta(days=1), data_until=UNTIL, rows=9, metrics={}, report={})
    given(Model, trained()).when(lambda m: m.evaluate(1, found)).then_raises(errors.KnowsTheFutureError)


def test_an_evaluation_and_a_drift_are_kept() -> None:
    """They are what an operator decides by."""
    found = Evaluation(cut_at=UNTIL, data_until=UNTIL + timedelta(days=30), rows=9, metrics={"gini": 0.6}, report={})
    fields = {name: getattr(found, name) for name in found.__struct_fields__}
    given(Model, trained()).when(lambda m: m.evaluate(1, found)).then(Model.Evaluated(model_version=1, **fields))
    drift = Drift(run_id=UUID(int=1), model_version=1, at=UNTIL, features={"orders": 0.4}, score=0.1, bound=0.25)
    said = {name: getattr(drift, name) for name in drift.__struct_fields__}
    given(Model, trained()).when(lambda m: m.note_drift(drift)).then(Model.DriftObserved(**said))

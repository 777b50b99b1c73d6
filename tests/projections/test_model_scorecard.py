"""model_scorecard and predictions: which version speaks, what its runs said of a person, and when nothing is said."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pyarrow as pa
import pytest

from commands.scoring.files import ArtefactChangedError, ModelFiles
from commands.scoring.predictions import KEPT_RUNS, keep_predictions
from domain.kernel.rules.history import Word
from domain.scoring.model import Model, model_stream
from projections.engine.digest import digest
from projections.model_scorecard import projector as model_scorecard
from projections.model_scorecard.queries import live_runs, models, run_at, scorecard
from projections.predictions.queries import predictions_of, words_of
from tests.domain.scoring.test_model import trained
from tests.projections.following import built, current
from tests.projections.log import Log, customer_id

VIEW = model_scorecard.PROJECTION
LTV = model_stream("ltv")
AT = datetime(2026, 11, 20, tzinfo=UTC)
LI, WANG = customer_id("li"), customer_id("wang")


def scored(at: datetime, version: int = 1, *, is_live: bool = True) -> Model.Scored:
    """The event of a run."""
    path = f"scores/model=ltv/run={at:%Y%m%d}/a.parquet"
    said: dict[str, Any] = {"model_version": version, "at": at, "rows": 2, "path": path, "sha256": "ab"}
    return Model.Scored(run_id=UUID(int=1), is_live=is_live, **said)


def scores(*rows: tuple[UUID, float | None]) -> pa.Table:
    """What a run said."""
    return pa.table(
        {
            "profile_id": [str(row[0]) for row in rows],
            "value": pa.array([row[1] for row in rows], pa.float64()),
            "reasons": ['[{"feature": "orders", "value": 3, "effect": 0.5}]'] * len(rows),
            "p_alive": pa.array([0.25] * len(rows)),
        }
    )


async def test_a_scorecard_shows_versions_and_who_speaks(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """From the first training to the retirement; pages of any size come to the same."""
    log.append((LTV, trained()), (LTV, trained(2)), (LTV, Model.Promoted(model_version=1, reason="good")))
    log.append((LTV, scored(AT)), (LTV, scored(AT, 2, is_live=False)))
    drift = Model.DriftObserved(run_id=UUID(int=1), model_version=1, at=AT, features={"x": 0.4}, score=0.1, bound=0.25)
    evaluated = Model.Evaluated(
        model_version=1, cut_at=AT, data_until=AT + timedelta(days=9), rows=4, metrics={"gini": 0.5}, report={}
    )
    await current(database, log.append((LTV, drift), (LTV, evaluated)), VIEW)
    found = await scorecard(reading, "ltv")
    assert found
    assert (found.model.promoted, found.model.versions, found.model.metrics) == (1, 2, {"gini": 0.7})
    assert (found.model.scored_at, found.model.version) == (AT, 7)
    assert [one.standing for one in found.versions] == ["trained", "promoted"]
    assert found.versions[1].training.parameters == {"horizon_days": 90}
    assert found.versions[1].evaluations[0].metrics == {"gini": 0.5}
    assert [(one.is_live, bool(one.drift)) for one in found.runs] == [(True, True), (False, False)]
    assert await models(reading) == [found.model]
    assert await scorecard(reading, "churn") is None
    live = await digest(reading, VIEW, VIEW.name)
    for events in (1, 100):
        async with built(database, VIEW, purpose="pages", events=events) as copy:
            assert await digest(reading, VIEW, copy.name) == live


async def test_predictions_are_words_over_time(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """Rules as of an earlier instant see the run before; a retired model says nothing more."""
    log.append((LTV, trained()), (LTV, Model.Promoted(model_version=1, reason="good")))
    later = AT + timedelta(days=1)
    await keep_predictions(reading, "ltv", 1, AT, scores((LI, 10.0), (WANG, None)))
    await keep_predictions(reading, "ltv", 1, later, scores((WANG, float("nan"))))
    await current(database, log.append((LTV, scored(AT)), (LTV, scored(later))), VIEW)
    words = (await words_of(reading, {LI: [LI], WANG: [WANG]}))[LI]
    assert words == {
        "ltv": (Word(AT, 10.0), Word(later, None)),
        "ltv.p_alive": (Word(AT, 0.25), Word(later, None)),
    }
    (before,) = await predictions_of(reading, LI, [LI], until=AT)
    assert (before.value, before.further, before.reasons[0]["feature"]) == (10.0, {"p_alive": 0.25}, "orders")
    (missing,) = await predictions_of(reading, WANG, [WANG])
    assert (missing.at, missing.value) == (later, None)
    # The last run passed her over: what the one before it said is no prediction any more.
    assert await predictions_of(reading, LI, [LI]) == []
    runs = (await live_runs(reading))["ltv"]
    assert [run_at(runs, at) for at in (AT - timedelta(days=1), AT, later)] == [None, *runs]
    await current(database, log.append((LTV, Model.Retired(model_version=1, reason="wrong"))), VIEW)
    assert await predictions_of(reading, WANG, [WANG]) == []
    assert (await words_of(reading, {LI: [LI]}))[LI]["ltv"][-1].value is None


async def test_of_joined_profiles_the_profiles_own_row_counts(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """A run knew them apart."""
    log.append((LTV, trained()), (LTV, Model.Promoted(model_version=1, reason="good")))
    await keep_predictions(reading, "ltv", 1, AT, scores((LI, 10.0), (WANG, 20.0)))
    await current(database, log.append((LTV, scored(AT))), VIEW)
    for own, value in ((LI, 10.0), (WANG, 20.0)):
        assert [one.value for one in await predictions_of(reading, own, [LI, WANG])] == [value]
        assert (await words_of(reading, {own: [LI, WANG]}))[own]["ltv"] == (Word(AT, value),)


async def test_a_run_again_replaces_and_old_ones_go(reading: asyncpg.Connection) -> None:
    """What PostgreSQL keeps is bounded; the lake keeps all."""
    for day in range(KEPT_RUNS + 2):
        at = AT + timedelta(days=day)
        await keep_predictions(reading, "ltv", 1, at, scores((LI, 1.0)))
        await keep_predictions(reading, "ltv", 1, at, scores((LI, float(day))))
    rows = await reading.fetch("SELECT value FROM prediction ORDER BY at")
    assert [row["value"] for row in rows] == [float(day) for day in range(2, KEPT_RUNS + 2)]


def test_what_is_loaded_is_what_was_recorded(tmp_path: Path) -> None:
    """A changed or lost artefact is refused, not trusted."""
    files = ModelFiles(tmp_path.as_uri())
    path, sha256 = files.put_artefact("ltv", b"learned")
    assert files.artefact(path, sha256) == b"learned"
    told, digest_of_scores = files.put_scores("ltv", 1, AT, scores((LI, 10.0)))
    assert told.startswith("scores/model=ltv/run=20261120T000000000000Z-v1/")
    assert files.scores(told, digest_of_scores).num_rows == 1
    (tmp_path / path).write_bytes(b"tampered")
    with pytest.raises(ArtefactChangedError, match="not the file"):
        files.artefact(path, sha256)
    (tmp_path / path).unlink()
    with pytest.raises(ArtefactChangedError, match="not in the lake"):
        files.artefact(path, sha256)

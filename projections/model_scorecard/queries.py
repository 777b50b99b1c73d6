"""Read model_scorecard: all models, one with its versions, and the runs that rules as of an instant ask for."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec

from domain.scoring.model import Evaluation, Training
from projections.engine.projection import Reading

_MODELS = """
    SELECT m.model_id, m.key, m.kind, m.promoted, m.promoted_at, m.version,
           (SELECT count(*) FROM model_scorecard.version AS v WHERE v.model_id = m.model_id) AS versions,
           v.training::json->'metrics' AS metrics,
           (SELECT max(at) FROM model_scorecard.run AS r
            WHERE r.model_id = m.model_id AND r.is_live AND r.path IS NOT NULL) AS scored_at
    FROM model_scorecard.model AS m
    LEFT JOIN model_scorecard.version AS v ON v.model_id = m.model_id AND v.model_version = m.promoted
    WHERE m.key > $1 AND ($2::text IS NULL OR m.key = $2) ORDER BY m.key LIMIT $3
"""
_VERSIONS = """
    SELECT model_version, training, trained_at, trained_by, promoted_at, promoted_because, retired_at, retired_because
    FROM model_scorecard.version WHERE model_id = $1 ORDER BY model_version DESC
"""
_EVALUATIONS = """
    SELECT model_version, found FROM model_scorecard.evaluation WHERE model_id = $1 ORDER BY position DESC
"""
_RUNS = """
    SELECT key, at, is_live, model_version, rows, path, sha256, drift FROM model_scorecard.run
    WHERE model_id = $1 ORDER BY at DESC, is_live DESC LIMIT $2
"""
_LIVE = """
    SELECT key, at, is_live, model_version, rows, path, sha256, drift FROM model_scorecard.run
    WHERE is_live AND ($1::text[] IS NULL OR key = ANY($1)) AND at >= coalesce($2, '-infinity'::timestamptz)
    ORDER BY key, at
"""

Standing = Literal["trained", "promoted", "replaced", "retired"]


class ModelRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a version said of everybody as of `at`: a file below the lake.

    Without a path: from then on nothing is said, since what spoke was retired. `drift` is there where it passed its
    bound.
    """

    model: str
    at: datetime
    is_live: bool
    model_version: int
    rows: int
    path: str | None
    sha256: str | None
    drift: dict[str, Any] | None


class ModelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A model: which version speaks since when, how good it was in training, when it last scored everybody."""

    id: UUID
    key: str
    kind: str
    promoted: int | None
    promoted_at: datetime | None
    versions: int
    metrics: dict[str, float] | None
    scored_at: datetime | None
    version: int


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A training, and what became of it."""

    model_version: int
    standing: Standing
    training: Training
    trained_at: datetime
    trained_by: str
    promoted_at: datetime | None
    promoted_because: str | None
    retired_at: datetime | None
    retired_because: str | None
    evaluations: list[Evaluation]


class ModelScorecard(msgspec.Struct, frozen=True, kw_only=True):
    """A model with its versions and its last runs, the newest first."""

    model: ModelSummary
    versions: list[ModelVersion]
    runs: list[ModelRun]


_training = msgspec.json.Decoder(Training).decode
_evaluation = msgspec.json.Decoder(Evaluation).decode
_SHOWN_RUNS = 30


async def models(reading: Reading, *, after: str = "", limit: int = 50) -> list[ModelSummary]:
    """Return the models in the order of their keys, from the one after `after` on."""
    return [_summary(row) for row in await reading.fetch(_MODELS, after, None, limit)]


async def scorecard(reading: Reading, key: str) -> ModelScorecard | None:
    """Return a model with all its versions, None if there is none."""
    found = [_summary(row) for row in await reading.fetch(_MODELS, "", key, 1)]
    if not found:
        return None
    evaluations: dict[int, list[Evaluation]] = {}
    for row in await reading.fetch(_EVALUATIONS, found[0].id):
        evaluations.setdefault(row["model_version"], []).append(_evaluation(row["found"]))
    rows = await reading.fetch(_VERSIONS, found[0].id)
    versions = [_version(row, found[0].promoted, evaluations.get(row["model_version"], [])) for row in rows]
    runs = [_run(row) for row in await reading.fetch(_RUNS, found[0].id, _SHOWN_RUNS)]
    return ModelScorecard(model=found[0], versions=versions, runs=runs)


async def live_runs(
    reading: Reading, keys: Iterable[str] | None = None, *, since: datetime | None = None
) -> dict[str, list[ModelRun]]:
    """Return the runs whose scores are predictions, by model and in the order of their instants."""
    found: dict[str, list[ModelRun]] = {}
    for row in await reading.fetch(_LIVE, None if keys is None else list(keys), since):
        found.setdefault(row["key"], []).append(_run(row))
    return found


def run_at(runs: Iterable[ModelRun], instant: datetime) -> ModelRun | None:
    """Return the last of a model's runs at or before an instant, None where nothing was said by then."""
    last = None
    for run in runs:
        if run.at <= instant:
            last = run
    return last if last and last.path else None


def _summary(row: asyncpg.Record) -> ModelSummary:
    values = dict(row)
    metrics = values.pop("metrics")
    return ModelSummary(
        id=values.pop("model_id"), metrics=None if metrics is None else msgspec.json.decode(metrics), **values
    )


def _version(row: asyncpg.Record, promoted: int | None, evaluations: list[Evaluation]) -> ModelVersion:
    values = dict(row)
    training = _training(values.pop("training"))
    return ModelVersion(training=training, standing=_standing(row, promoted), evaluations=evaluations, **values)


def _standing(row: asyncpg.Record, promoted: int | None) -> Standing:
    if row["retired_at"] is not None:
        return "retired"
    if row["model_version"] == promoted:
        return "promoted"
    return "trained" if row["promoted_at"] is None else "replaced"


def _run(row: asyncpg.Record) -> ModelRun:
    values = dict(row)
    drift = values.pop("drift")
    return ModelRun(model=values.pop("key"), drift=None if drift is None else msgspec.json.decode(drift), **values)

"""Train a model, let a version score everybody, look at how far the data have moved: the flows around every kind."""

import asyncio
import math
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version as version_of
from typing import Any, ClassVar, Final

import msgspec
import pyarrow as pa

from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from commands.scoring.files import ModelFiles
from commands.scoring.loading import load_model
from commands.scoring.predictions import keep_predictions
from commands.scoring.recording import record_scores, record_training
from domain.kernel.errors import DomainError
from domain.kernel.ids import derived
from domain.scoring.model import Drift, Model, ScoringRun, Training, model_stream
from workers.scoring.artefact import Artefact, packed, unpacked
from workers.scoring.drift import BOUND, stability
from workers.scoring.kind import Scores, Source, Told, read_parameters, silent
from workers.scoring.registry import kind_of

_DIGITS: Final = 6


class NobodySpeaksError(DomainError):
    """No version of the model is promoted."""

    code: ClassVar[str] = "model.nobody_speaks"


class Scoring(msgspec.Struct, frozen=True, kw_only=True):
    """What trainings and runs work with."""

    store: EventStore
    files: ModelFiles
    source: Source
    by: Context
    told: Told = silent


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run: whose scores, as of when, where they lie, and how far the data have moved."""

    model: str
    model_version: int
    at: datetime
    rows: int
    is_live: bool
    path: str
    sha256: str
    drift: Drift
    drifted: bool


async def train(
    work: Scoring, key: str, kind_name: str, at: datetime, parameters: Mapping[str, Any]
) -> tuple[int, Training]:
    """Train a version from what was known at `at` and keep it; returns its number. Nobody speaks by it yet."""
    kind = kind_of(kind_name)
    told = read_parameters(kind, parameters)
    model = await work.store.streams.load(Model, model_stream(key))
    model.require_kind(kind_name)  # before hours are spent on it
    previous = None if model.promoted is None else await asyncio.to_thread(_artefact, work.files, model, model.promoted)
    learned = await asyncio.to_thread(kind.train, work.source, at, told, previous=previous, told=work.told)
    content = packed(learned.artefact)
    path, sha256 = await asyncio.to_thread(work.files.put_artefact, key, content)
    training = Training(
        kind=kind_name,
        data_since=learned.data_since,
        data_until=at,
        cut_at=learned.cut_at,
        rows=learned.rows,
        features=learned.features,
        parameters=msgspec.to_builtins(told),
        metrics=figures(learned.metrics),
        report=learned.report,
        code_version=version_of("koi"),
        artefact=path,
        sha256=sha256,
    )
    return await record_training(key, training, streams=work.store.streams, by=work.by), training


async def score(work: Scoring, key: str, at: datetime, version: int | None = None) -> Scored:
    """Let the version that speaks, or another in its shadow, score everybody as of `at`; keep scores and drift.

    The same run again comes to the same bytes and replaces what was kept of the same instant.
    """
    model = await load_model(work.store.streams, key)
    number = version or promoted(model)
    artefact = await asyncio.to_thread(_artefact, work.files, model, number)
    kind = kind_of(model.kind)
    scores = await asyncio.to_thread(kind.score, artefact, work.source, at, told=work.told)
    path, sha256 = await asyncio.to_thread(work.files.put_scores, key, number, at, scores.table)
    run_id = derived("scoring run", key, number, at.isoformat(), sha256)
    drift = drift_of(artefact, scores, run_id=run_id, version=number, at=at)
    drifted = max((drift.score, *drift.features.values())) > drift.bound
    run = ScoringRun(run_id=run_id, model_version=number, at=at, rows=scores.table.num_rows, path=path, sha256=sha256)
    model.note_scores(run)  # refuses before anything is shown
    is_live = number == model.promoted
    if is_live:
        async with work.store.pool.acquire() as connection:
            await keep_predictions(connection, key, number, at, scores.table)
    await record_scores(key, run, drift=drift if drifted else None, streams=work.store.streams, by=work.by)
    return Scored(
        model=key,
        model_version=number,
        at=at,
        rows=run.rows,
        is_live=is_live,
        path=path,
        sha256=sha256,
        drift=drift,
        drifted=drifted,
    )


async def drift(work: Scoring, key: str, at: datetime, version: int | None = None) -> Drift:
    """Say how far what is known at `at` lies from what a version learned from; nothing is kept."""
    model = await load_model(work.store.streams, key)
    number = version or promoted(model)
    artefact = await asyncio.to_thread(_artefact, work.files, model, number)
    scores = await asyncio.to_thread(kind_of(model.kind).score, artefact, work.source, at, told=work.told)
    return drift_of(artefact, scores, run_id=derived("drift", key, number, at.isoformat()), version=number, at=at)


def drift_of(artefact: Artefact, scores: Scores, *, run_id: Any, version: int, at: datetime) -> Drift:
    """Return the stability indices of a run's features and scores against the training."""
    features = {
        name: round(stability(then, scores.features[name]), _DIGITS)
        for name, then in artefact.references.items()
        if name in scores.features
    }
    said = 0.0
    if artefact.scored is not None and "value" in scores.table.column_names:
        values = scores.table["value"].cast(pa.float64()).to_numpy()
        said = round(stability(artefact.scored, values), _DIGITS)
    return Drift(run_id=run_id, model_version=version, at=at, features=features, score=said, bound=BOUND)


def figures(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the figures of a training, rounded; one of nobody, or by nothing, is left out: JSON has no word for it."""
    return {name: round(float(value), _DIGITS) for name, value in metrics.items() if math.isfinite(value)}


def promoted(model: Model) -> int:
    """Return the version that speaks; raises `NobodySpeaksError`."""
    if model.promoted is None:
        raise NobodySpeaksError(f"no version of {model.key} is promoted: promote one, or name a version")
    return model.promoted


def _artefact(files: ModelFiles, model: Model, version: int) -> Artefact:
    path, sha256 = model.artefact(version)
    return unpacked(files.artefact(path, sha256))

"""model_scorecard: models are few, so one event at a time."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from domain.scoring.model import Model, Training
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection
from projections.model_scorecard.table import tables

_MODEL = """
    INSERT INTO model (model_id, key, kind, version, position) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (model_id) DO NOTHING
"""
_TRAIN = """
    INSERT INTO version (model_id, model_version, training, trained_at, trained_by) VALUES ($1, $2, $3, $4, $5)
"""
_EVALUATE = "INSERT INTO evaluation (model_id, position, model_version, at, found) VALUES ($1, $2, $3, $4, $5)"
_PROMOTE = "UPDATE version SET promoted_at = $3, promoted_because = $4 WHERE model_id = $1 AND model_version = $2"
_SPEAK = "UPDATE model SET promoted = $2, promoted_at = $3 WHERE model_id = $1"
_RETIRE = "UPDATE version SET retired_at = $3, retired_because = $4 WHERE model_id = $1 AND model_version = $2"
# Whoever spoke is silent from then on.
_FALL_SILENT = """
    INSERT INTO run (model_id, at, is_live, key, model_version, rows, position)
    SELECT model_id, $3, true, key, promoted, 0, $4 FROM model WHERE model_id = $1 AND promoted = $2
    ON CONFLICT (model_id, at, is_live) DO UPDATE
    SET model_version = excluded.model_version, rows = 0, path = NULL, sha256 = NULL, position = excluded.position,
        drift = NULL
"""
_NOBODY = "UPDATE model SET promoted = NULL, promoted_at = NULL WHERE model_id = $1 AND promoted = $2"
_SCORE = """
    INSERT INTO run (model_id, at, is_live, key, model_version, rows, path, sha256, position)
    SELECT model_id, $2, $3, key, $4, $5, $6, $7, $8 FROM model WHERE model_id = $1
    ON CONFLICT (model_id, at, is_live) DO UPDATE
    SET model_version = excluded.model_version, rows = excluded.rows, path = excluded.path, sha256 = excluded.sha256,
        position = excluded.position, drift = NULL
"""
_DRIFT = "UPDATE run SET drift = $4 WHERE model_id = $1 AND at = $2 AND model_version = $3"
_VERSION = "UPDATE model SET version = $2 WHERE model_id = $1"


class _Meta(msgspec.Struct):
    occurred_at: datetime
    actor: str = ""


class _Trained(msgspec.Struct):
    meta: _Meta
    key: str
    kind: str
    model_version: int


class _Said(msgspec.Struct):
    meta: _Meta
    model_version: int
    reason: str = ""
    cut_at: datetime | None = None


class _Scored(msgspec.Struct):
    model_version: int
    at: datetime
    rows: int
    path: str
    sha256: str
    is_live: bool


class _Drifted(msgspec.Struct):
    model_version: int
    at: datetime
    features: dict[str, float]
    score: float
    bound: float


_trained = msgspec.json.Decoder(_Trained).decode
_training = msgspec.json.Decoder(Training).decode
_said = msgspec.json.Decoder(_Said).decode
_evaluated = msgspec.json.Decoder(dict[str, Any]).decode
_scored = msgspec.json.Decoder(_Scored).decode
_drifted = msgspec.json.Decoder(_Drifted).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    versions: dict[UUID, int] = {}
    for entry in page.of(*_CHANGES):
        await _CHANGES[entry.topic](connection, entry)
        versions[entry.stream_id] = entry.version
    for model_id, version in versions.items():
        await connection.execute(_VERSION, model_id, version)


async def _train(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _trained(entry.state)
    await connection.execute(_MODEL, entry.stream_id, said.key, said.kind, entry.version, entry.position)
    training = msgspec.json.encode(_training(entry.state)).decode()
    told = (training, said.meta.occurred_at, said.meta.actor)
    await connection.execute(_TRAIN, entry.stream_id, said.model_version, *told)


async def _evaluate(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _said(entry.state)
    found = {name: value for name, value in _evaluated(entry.state).items() if name not in {"meta", "model_version"}}
    content = msgspec.json.encode(found).decode()
    await connection.execute(_EVALUATE, entry.stream_id, entry.position, said.model_version, said.cut_at, content)


async def _promote(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _said(entry.state)
    await connection.execute(_PROMOTE, entry.stream_id, said.model_version, said.meta.occurred_at, said.reason)
    await connection.execute(_SPEAK, entry.stream_id, said.model_version, said.meta.occurred_at)


async def _retire(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _said(entry.state)
    when = said.meta.occurred_at
    await connection.execute(_RETIRE, entry.stream_id, said.model_version, when, said.reason)
    await connection.execute(_FALL_SILENT, entry.stream_id, said.model_version, when, entry.position)
    await connection.execute(_NOBODY, entry.stream_id, said.model_version)


async def _score(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _scored(entry.state)
    where = (said.path, said.sha256, entry.position)
    await connection.execute(_SCORE, entry.stream_id, said.at, said.is_live, said.model_version, said.rows, *where)


async def _drift(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _drifted(entry.state)
    content = msgspec.json.encode({"features": said.features, "score": said.score, "bound": said.bound}).decode()
    await connection.execute(_DRIFT, entry.stream_id, said.at, said.model_version, content)


_CHANGES: dict[str, Callable[[asyncpg.Connection, Entry], Awaitable[None]]] = {
    Model.Trained.TOPIC: _train,
    Model.Evaluated.TOPIC: _evaluate,
    Model.Promoted.TOPIC: _promote,
    Model.Retired.TOPIC: _retire,
    Model.Scored.TOPIC: _score,
    Model.DriftObserved.TOPIC: _drift,
}
PROJECTION = Projection(name="model_scorecard", version=1, tables=tables, topics=frozenset(_CHANGES), apply=apply)

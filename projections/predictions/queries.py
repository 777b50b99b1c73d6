"""Read what models say of a person: the words that rules judge, and the last prediction of each with its reasons.

A row hangs on the profile that its run knew. Of several rows of one run, since profiles were joined after it, the one
of the profile's own id counts, else the one of the least id.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from domain.kernel.rules.history import Word
from projections.engine.projection import Reading
from projections.model_scorecard.queries import live_runs

_SAID = """
    SELECT DISTINCT ON (model, at) model, at, model_version, value, label, further::text AS further,
           reasons::text AS reasons
    FROM prediction WHERE profile_id = ANY($1) AND at <= coalesce($3, 'infinity'::timestamptz)
    ORDER BY model, at, profile_id <> $2, profile_id
"""


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of a model said of a person as of `at`: a number, or a label, and further numbers by name.

    `reasons` are features with their value and what they add, the weightiest first.
    """

    model: str
    model_version: int
    at: datetime
    value: float | None
    label: str | None
    further: dict[str, float | None]
    reasons: list[dict[str, Any]]


async def predictions_of(
    reading: Reading, profile_id: UUID, customers: Collection[UUID], *, until: datetime | None = None
) -> list[Prediction]:
    """Return the last prediction of each model that speaks, by the customers of a profile."""
    runs = await live_runs(reading)
    silent = {key for key, told in runs.items() if told[-1].path is None and (until is None or told[-1].at <= until)}
    last = {one.model: one for one in await _said(reading, profile_id, customers, until)}
    return [one for key, one in sorted(last.items()) if key not in silent]


async def words_of(reading: Reading, profile_id: UUID, customers: Collection[UUID]) -> Mapping[str, tuple[Word, ...]]:
    """Return what models said over time: by `model` its label or number, by `model.name` a further number of it.

    It reaches as far back as PostgreSQL keeps runs; where nothing more is said of the person, or by the model, the word
    is None.
    """
    said: dict[str, dict[datetime, dict[str, Any]]] = {}
    for one in await _said(reading, profile_id, customers, None):
        value = one.label if one.label is not None else one.value
        further = {f"{one.model}.{name}": number for name, number in one.further.items()}
        said.setdefault(one.model, {})[one.at] = {one.model: value} | further
    words: dict[str, list[Word]] = {}
    for model, runs in (await live_runs(reading, said)).items():
        found = said[model]
        first = min(found)
        names = {name for row in found.values() for name in row}
        for run in (run for run in runs if run.at >= first):
            row = found.get(run.at, {}) if run.path else {}
            for name in names:
                words.setdefault(name, []).append(Word(run.at, row.get(name)))
    return {name: tuple(told) for name, told in words.items()}


async def _said(
    reading: Reading, profile_id: UUID, customers: Collection[UUID], until: datetime | None
) -> list[Prediction]:
    rows = await reading.fetch(_SAID, [*customers, profile_id], profile_id, until)
    return [_prediction(row) for row in rows]


def _prediction(row: asyncpg.Record) -> Prediction:
    values = dict(row)
    reasons = values.pop("reasons")
    return Prediction(
        further=msgspec.json.decode(values.pop("further")),
        reasons=[] if reasons is None else msgspec.json.decode(reasons),
        **values,
    )

"""Read what models say of people: the words that rules judge, and the last prediction of each with its reasons.

A row hangs on the profile that its run knew. Of several rows of one run, since profiles were joined after it, the one
of the profile's own id counts, else the one of the least id. What counts as a run is what model_scorecard knows of.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from domain.kernel.rules.history import Word
from projections.engine.projection import Reading
from projections.model_scorecard.queries import ModelRun, live_runs, run_at

_SAID = """
    SELECT DISTINCT ON (model, at) model, at, model_version, value, label, further::text AS further,
           reasons::text AS reasons
    FROM prediction WHERE profile_id = ANY($1)
    ORDER BY model, at, profile_id <> $2, profile_id
"""
_SAID_OF_ALL = """
    SELECT profile_id, model, at, value, label, further::text AS further FROM prediction
    WHERE profile_id = ANY($1) ORDER BY profile_id
"""
_END = datetime.max.replace(tzinfo=UTC)
# What the runs of the models said of one person.
_Runs = dict[str, dict[datetime, dict[str, Any]]]


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
    """Return what the last run of each model said, by the customers of a profile; nothing where it passed her over."""
    rows = await reading.fetch(_SAID, [*customers, profile_id], profile_id)
    if not rows:
        return []
    runs = await live_runs(reading, {row["model"] for row in rows}, since=min(row["at"] for row in rows))
    last = {model: run.at for model, told in runs.items() if (run := run_at(told, until or _END)) is not None}
    return [_prediction(row) for row in rows if row["at"] == last.get(row["model"])]


async def words_of(
    reading: Reading, members: Mapping[UUID, Collection[UUID]]
) -> dict[UUID, Mapping[str, tuple[Word, ...]]]:
    """Return what models said of profiles over time, given the customers of each; who nothing was said of is left out.

    By `model` its label or number, by `model.name` a further number of it. It reaches as far back as PostgreSQL keeps
    runs; where nothing more is said of the person, or by the model, the word is None.
    """
    said = await _said_of_all(reading, members)
    if not said:
        return {}
    models = {model for runs in said.values() for model in runs}
    earliest = min(at for runs in said.values() for told in runs.values() for at in told)
    every = await live_runs(reading, models, since=earliest)
    return {profile_id: _words(runs, every) for profile_id, runs in said.items()}


async def _said_of_all(reading: Reading, members: Mapping[UUID, Collection[UUID]]) -> dict[UUID, _Runs]:
    profile_of = {one: profile_id for profile_id, group in members.items() for one in (*group, profile_id)}
    found: dict[UUID, _Runs] = {}
    for row in await reading.fetch(_SAID_OF_ALL, list(profile_of)):
        profile_id, model = profile_of[row["profile_id"]], row["model"]
        runs = found.setdefault(profile_id, {}).setdefault(model, {})
        if row["profile_id"] == profile_id or row["at"] not in runs:
            value = row["label"] if row["label"] is not None else row["value"]
            further = msgspec.json.decode(row["further"])
            runs[row["at"]] = {model: value} | {f"{model}.{name}": number for name, number in further.items()}
    return found


def _words(said: _Runs, every: Mapping[str, Iterable[ModelRun]]) -> dict[str, tuple[Word, ...]]:
    words: dict[str, list[Word]] = {}
    for model, found in said.items():
        first = min(found)
        names = {name for row in found.values() for name in row}
        for run in (run for run in every.get(model, ()) if run.at >= first):
            row = found.get(run.at, {}) if run.path else {}
            for name in names:
                words.setdefault(name, []).append(Word(run.at, row.get(name)))
    return {name: tuple(told) for name, told in words.items()}


def _prediction(row: asyncpg.Record) -> Prediction:
    values = dict(row)
    reasons = values.pop("reasons")
    return Prediction(
        further=msgspec.json.decode(values.pop("further")),
        reasons=[] if reasons is None else msgspec.json.decode(reasons),
        **values,
    )

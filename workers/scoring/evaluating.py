"""How good a version has proved since it was trained: what it says of an instant, beside what has come since."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import msgspec
import numpy as np

from commands.scoring.loading import load_model
from commands.scoring.recording import record_evaluation
from domain.kernel.errors import DomainError
from domain.scoring.model import Evaluation
from workers.scoring.artefact import Artefact, unpacked
from workers.scoring.churn import snapshots as churn
from workers.scoring.core.evaluating import reviewed_since
from workers.scoring.features import after, matched, numbers, spent
from workers.scoring.kind import ParameterError, Source, silent
from workers.scoring.measuring import auc, calibration_error, deciles, ranking
from workers.scoring.registry import kind_of
from workers.scoring.response.evaluating import answered_since
from workers.scoring.running import Scoring, figures, promoted


class NothingToEvaluateError(DomainError):
    """Nothing that the version did not know has come since; the words say when there will be."""

    code: ClassVar[str] = "model.nothing_to_evaluate"


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """What a version is held against: what came from `learned_until` to `at`, neither known when it was trained."""

    source: Source
    learned_until: datetime
    at: datetime


Found = tuple[datetime, int, dict[str, float], dict[str, Any]]
Evaluating = Callable[[Artefact, Since], Found]


async def evaluate(work: Scoring, key: str, at: datetime, version: int | None = None) -> tuple[int, Evaluation]:
    """Hold a version (the one that speaks, unless named) against what has come until `at`, and keep it.

    Raises:
        ParameterError: this kind of model says nothing that comes true or not.
        NothingToEvaluateError: too little has come since.
    """
    model = await load_model(work.store.streams, key)
    number = version or promoted(model)
    how = _HOW.get(model.kind)
    if how is None:
        detail = f"a model of the kind {model.kind} says nothing that comes true or not; kinds: {', '.join(_HOW)}"
        raise ParameterError(detail, field="key")
    path, sha256 = model.artefact(number)
    artefact = unpacked(await asyncio.to_thread(work.files.artefact, path, sha256))
    since = Since(source=work.source, learned_until=model.learned_until[number], at=at)
    cut, rows, metrics, report = await asyncio.to_thread(how, artefact, since)
    if not rows:
        raise NothingToEvaluateError(f"nothing that version {number} did not know has come since: ask again later")
    found = Evaluation(
        cut_at=cut,
        data_until=at,
        rows=rows,
        metrics=figures(metrics),
        report=report,
    )
    await record_evaluation(key, number, found, streams=work.store.streams, by=work.by)
    return number, found


def _spending(artefact: Artefact, since: Since) -> Found:
    """What everybody was said to spend within the horizon, beside what she spent."""
    cut = _cut(since, int(artefact.parameters["horizon_days"]))
    said = kind_of(artefact.kind).score(artefact, since.source, cut, told=silent).table
    came = since.source.values({"spent": spent(after(cut, since.at))}, since.at)
    actual = np.maximum(np.nan_to_num(matched(said["profile_id"], came, "spent")), 0.0)
    value = numbers(said, "value")
    return cut, actual.size, ranking(actual, value), {"deciles": deciles(actual, value)}


def _coming_back(artefact: Artefact, since: Since) -> Found:
    """How likely everybody was said to be gone, beside whether she was back within her usual gap."""
    parameters = msgspec.convert(artefact.parameters, churn.Parameters)
    cut = _cut(since, parameters.most_gap_days + 1)
    said = kind_of(artefact.kind).score(artefact, since.source, cut, told=silent).table
    visits = churn.visits_of(since.source.purchase_days(since.at), said)
    back = visits.returned(churn.day_of(cut, since.source.zone), numbers(said, "gap_days"))
    gone, value = (~back).astype(np.float64), numbers(said, "value")
    metrics = {"auc": auc(gone, value), "calibration_error": calibration_error(gone, value)}
    metrics |= {"churned": float(gone.mean()) if gone.size else 0.0}
    return cut, gone.size, metrics, {"deciles": deciles(gone, value)}


def _reviews(artefact: Artefact, since: Since) -> Found:
    """Which segment customers were said to be in, beside what people have said of them since."""
    return since.at, *reviewed_since(artefact, since.source, since.learned_until, since.at)


def _answers(artefact: Artefact, since: Since) -> Found:
    """How likely customers were said to redeem, beside who did of campaigns that have begun since."""
    return since.learned_until, *answered_since(artefact, since.source, since.learned_until, since.at)


def _cut(since: Since, days: int) -> datetime:
    """Return the last instant whose outcomes are known; raises `NothingToEvaluateError` if it is learned from."""
    cut = since.at - timedelta(days=days)
    if cut < since.learned_until:
        from_then = since.learned_until + timedelta(days=days)
        detail = f"what it says comes true within {days} days: it can be told how good it is from {from_then:%FT%TZ} on"
        raise NothingToEvaluateError(detail)
    return cut


_HOW: Final[dict[str, Evaluating]] = {
    "ltv": _spending,
    "btyd": _spending,
    "churn": _coming_back,
    "core_segment": _reviews,
    "response": _answers,
}

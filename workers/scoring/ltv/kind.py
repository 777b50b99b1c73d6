"""The kind `ltv`: spending over a horizon, learned from what customers of a horizon ago spent since."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from scipy.stats import rankdata

from workers.scoring.artefact import Artefact
from workers.scoring.btyd import kind as btyd
from workers.scoring.btyd.kind import Fitted
from workers.scoring.btyd.reading import histories_of
from workers.scoring.drift import reference, references
from workers.scoring.features import after, matched, spent
from workers.scoring.kind import Days, Learned, Many, NothingToLearnError, Numbers, Scores, Source, Told
from workers.scoring.ltv.matrix import COLUMNS, FEATURES, Matrix, matrix
from workers.scoring.ltv.two_stage import LeftOut, Stages, TwoStage, fit
from workers.scoring.measuring import auc, calibration_error, deciles, ranking
from workers.scoring.reasons import reasons_column

# What is watched for drift; the rest follows from these. Not for how long people are known: all grow older.
_WATCHED: Final = ("days_since_last", "purchase_days", "spent", "purchases_90d", "spent_90d")


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many days ahead it speaks; how many rows it learns from at most, and how often each is left out."""

    horizon_days: Days = 90
    most_rows: Many = 100_000
    repeats: Many = 1
    seed: int = 7


class LifetimeValue:
    """XGBoost in two stages over recency, frequency, money, and the outputs of BG/NBD and Gamma-Gamma."""

    parameters = Parameters

    def train(
        self,
        source: Source,
        at: datetime,
        parameters: Parameters,
        *,
        previous: Artefact | None,  # noqa: ARG002 - every version grows its own trees
        told: Told,
    ) -> Learned:
        """Learn from features cut a horizon before `at` what was spent since."""
        cut = at - timedelta(days=parameters.horizon_days)
        told("features", 0, 4)
        table = source.values(COLUMNS, cut)
        histories, _ = histories_of(table)
        if not len(histories):
            raise NothingToLearnError("nobody had bought anything a horizon before: choose a shorter horizon_days")
        told("buy till you die", 1, 4)
        fitted = btyd.fit(histories)
        known = matrix(table, fitted, parameters.horizon_days)
        told("outcomes", 2, 4)
        came = source.values({"spent": spent(after(cut, at))}, at)
        ids = table["profile_id"].take(known.rows)
        outcome = np.maximum(np.nan_to_num(matched(ids, came, "spent")), 0.0)
        told("trees", 3, 4)
        chosen = _sample(outcome.size, parameters)
        x, seen = known.x[chosen], outcome[chosen]
        stages, left_out = fit(x, seen, known.age[chosen], seed=parameters.seed, repeats=parameters.repeats)
        metrics, report = _proved(left_out, seen, known, chosen, parameters.horizon_days)
        told("done", 4, 4)
        return Learned(
            artefact=_artefact(parameters, fitted, stages, known, left_out),
            cut_at=cut,
            data_since=cut - timedelta(days=float(known.age.max())),
            rows=int(chosen.size),
            features=FEATURES,
            metrics=metrics,
            report=report,
        )

    def score(self, artefact: Artefact, source: Source, at: datetime, *, told: Told) -> Scores:
        """Say what everybody who ever bought will spend, and why."""
        told("features", 0, 3)
        table = source.values(COLUMNS, at)
        known = matrix(table, fitted_of(artefact), int(artefact.parameters["horizon_days"]))
        told("scores", 1, 3)
        seen = Stages(stages_of(artefact)).said(known.x, known.age)
        told("reasons", 2, 3)
        columns: dict[str, Any] = {
            "profile_id": table["profile_id"].take(known.rows),
            "value": seen.value,
            "p_pays": seen.p_pays,
            "p_alive": known.columns["p_alive"],
            "percentile": _percentile(seen.value),
        }
        columns["reasons"] = reasons_column({name: known.columns[name] for name in FEATURES}, seen.effects)
        told("done", 3, 3)
        return Scores(table=pa.table(columns), features={name: known.columns[name] for name in _WATCHED})


LTV: Final = LifetimeValue()


def fitted_of(artefact: Artefact) -> Fitted:
    """Return the buy-till-you-die models in an artefact."""
    return msgspec.convert(artefact.numbers["btyd"], Fitted)


def stages_of(artefact: Artefact) -> TwoStage:
    """Return the two stages in an artefact."""
    return msgspec.convert(artefact.numbers["stages"], TwoStage)


def _artefact(parameters: Parameters, fitted: Fitted, stages: TwoStage, known: Matrix, left_out: LeftOut) -> Artefact:
    return Artefact(
        kind="ltv",
        parameters=msgspec.to_builtins(parameters),
        numbers={"btyd": msgspec.to_builtins(fitted), "stages": msgspec.to_builtins(stages)},
        references=references({name: known.columns[name] for name in _WATCHED}),
        scored=reference(left_out.value),
    )


def _sample(size: int, parameters: Parameters) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return which rows are learned from: all, or as many as there may be, drawn by the seed."""
    if size <= parameters.most_rows:
        return np.arange(size)
    drawn = np.random.default_rng(parameters.seed).choice(size, parameters.most_rows, replace=False)
    return np.sort(drawn)


def _proved(
    left_out: LeftOut, spent_since: Numbers, known: Matrix, chosen: Any, horizon_days: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return how good the predictions of rows left out are, beside buy till you die and the rate of the past."""
    actual = spent_since[left_out.rows]
    rows = chosen[left_out.rows]
    columns = {name: column[rows] for name, column in known.columns.items()}
    rate = np.nan_to_num(columns["spent"]) / (columns["days_since_first"] + 1) * horizon_days
    pays = (actual > 0).astype(np.float64)
    metrics = ranking(actual, left_out.value)
    metrics |= {f"btyd_{name}": value for name, value in ranking(actual, columns["expected_value"]).items()}
    metrics |= {f"past_rate_{name}": value for name, value in ranking(actual, rate).items()}
    metrics |= {
        "unscaled_sum_ratio": float(left_out.raw.sum() / actual.sum()),
        "pays_auc": auc(pays, left_out.p_pays),
        "pays_calibration_error": calibration_error(pays, left_out.p_pays),
        "share_that_pays": float(pays.mean()),
    }
    return metrics, {"deciles": deciles(actual, left_out.value)}


def _percentile(value: Numbers) -> Numbers:
    if not value.size:
        return value
    return np.asarray(np.floor(rankdata(value, method="average") / value.size * 100), np.float64)

"""The kind `churn`: the chance that a customer does not buy again within her own usual gap.

It learns from snapshots of the past, a month apart, each with what was known then and what came since. The newest whose
outcome is known is the test; nothing whose outcome reaches beyond its instant is learned from for it.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from workers.scoring.artefact import Artefact
from workers.scoring.boosting import Settings, Trees, boosted
from workers.scoring.churn.snapshots import (
    COLUMNS,
    FEATURES,
    Parameters,
    Snapshot,
    features_of,
    snapshots,
    visits_of,
)
from workers.scoring.drift import reference, references
from workers.scoring.kind import Learned, NothingToLearnError, Numbers, Scores, Source, Told
from workers.scoring.measuring import auc, calibration_error, deciles
from workers.scoring.reasons import reasons_column

TREES: Final = Settings(rounds=150, depth=3, eta=0.05, least_weight=20.0)
_FEWEST: Final = 30


class Churn:
    """XGBoost over 30, 90 and 365 days of purchases and activity."""

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
        """Learn from snapshots whose outcomes are known at `at`."""
        taken = snapshots(source, at, parameters, told)
        newest, older = taken[0], taken[1:]
        metrics, report = _proved(newest, older, parameters.seed)
        x, gone = _together(taken)
        _require_both(gone)
        trees = boosted(x, gone, "binary:logistic", TREES, seed=parameters.seed)
        told("done", len(taken) + 1, len(taken) + 1)
        return Learned(
            artefact=Artefact(
                kind="churn",
                parameters=msgspec.to_builtins(parameters),
                numbers={},
                parts={"trees": trees},
                references=references(newest.columns),
                scored=reference(Trees(trees).predict(newest.x)),
            ),
            cut_at=newest.at,
            data_since=at - timedelta(days=float(newest.columns["days_since_first"].max())),
            rows=gone.size,
            features=FEATURES,
            metrics=metrics,
            report=report,
        )

    def score(self, artefact: Artefact, source: Source, at: datetime, *, told: Told) -> Scores:
        """Say of everybody known at `at` how likely she is not to be back in time, and why."""
        told("features", 0, 2)
        parameters = msgspec.convert(artefact.parameters, Parameters)
        table = source.values(COLUMNS, at)
        known = features_of(table, visits_of(source.purchase_days(at), table), at, source.zone, parameters)
        told("scores", 1, 2)
        columns: dict[str, Any] = {"profile_id": table["profile_id"].take(known.rows)}
        trees = Trees(artefact.parts["trees"])
        columns["value"] = trees.predict(known.x) if known.rows.size else np.zeros(0)
        columns["gap_days"] = known.columns["gap_days"]
        if known.rows.size:
            columns["reasons"] = reasons_column(known.columns, trees.effects(known.x))
        told("done", 2, 2)
        return Scores(table=pa.table(columns), features=known.columns)


CHURN: Final = Churn()


def _proved(newest: Snapshot, older: list[Snapshot], seed: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Return how good a model of what was known at the newest snapshot proves on it, beside recency alone."""
    _require_both(newest.gone)
    known_then = [one.decided_by(newest.at) for one in older]
    x, gone = _together(known_then) if known_then else (np.zeros((0, 0)), np.zeros(0))
    figures = {"churned": float(newest.gone.mean()), "test_rows": float(newest.gone.size)}
    figures |= _against(newest, newest.columns["days_since_last"], "recency_")
    figures |= _against(newest, newest.columns["overdue"], "overdue_")
    if min(gone.sum(), gone.size - gone.sum()) < _FEWEST:
        # No snapshot was decided by then: nothing can be proved yet, and nothing is claimed.
        return figures, {}
    said = Trees(boosted(x, gone, "binary:logistic", TREES, seed=seed)).predict(newest.x)
    figures |= _against(newest, said, "")
    figures["calibration_error"] = calibration_error(newest.gone, said)
    return figures, {"deciles": deciles(newest.gone, said), "test_at": newest.at.isoformat()}


def _against(snapshot: Snapshot, said: Numbers, name: str) -> dict[str, float]:
    """Return the AUC over everybody known, and over those who were not overdue yet: the ones still to be kept."""
    still = snapshot.columns["overdue"] <= 1
    return {
        f"{name}auc": auc(snapshot.gone, said),
        f"{name}auc_not_overdue": auc(snapshot.gone[still], said[still]),
    }


def _together(taken: list[Snapshot]) -> tuple[Numbers, Numbers]:
    return np.concatenate([one.x for one in taken]), np.concatenate([one.gone for one in taken])


def _require_both(gone: Numbers) -> None:
    if min(gone.sum(), gone.size - gone.sum()) < _FEWEST:
        detail = f"at least {_FEWEST} customers have to have come back in time, and as many not"
        raise NothingToLearnError(detail)

"""The kind `response`: the chance that somebody redeems a coupon of a campaign that is sent to her now."""

from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from workers.scoring.artefact import Artefact
from workers.scoring.boosting import Settings, Trees, boosted
from workers.scoring.drift import reference, references
from workers.scoring.kind import Days, Learned, NothingToLearnError, Scores, Source, Told
from workers.scoring.measuring import calibration_error, deciles
from workers.scoring.reasons import reasons_column
from workers.scoring.response.campaigns import Reached, campaigns, households, known_at, reached
from workers.scoring.response.features import response_features
from workers.scoring.response.proving import Proof, Rows, proved

TREES: Final = Settings(rounds=120, depth=3, eta=0.05, least_weight=5.0)
_FEWEST: Final = 30
_DAY: Final = 86_400.0


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`within_days` of its beginning a coupon has to be redeemed to count as a response."""

    within_days: Days = 60
    seed: int = 1


class ResponseKind:
    """XGBoost over what was known of those whom earlier campaigns reached, before each began."""

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
        """Learn from all campaigns whose outcome is known at `at`."""
        listed = campaigns(source, at)
        found = []
        for step, one in enumerate(reached(source, listed, at, parameters.within_days)):
            told("campaigns", step, len(listed))
            found.append(one)
        x, redeemed = _together(found)
        told("proof", len(listed), len(listed))
        sizes = [one.redeemed.size for one in found]
        cut = np.repeat([one.campaign.cut.timestamp() for one in found], sizes)
        decided = cut + parameters.within_days * _DAY
        rows = Rows(x=x, redeemed=redeemed, household=households(found), cut=cut, decided=decided)
        proof = proved(rows, TREES, seed=parameters.seed)
        trees = boosted(x, redeemed, "binary:logistic", TREES, seed=parameters.seed)
        columns = {name: x[:, place] for place, name in enumerate(response_features())}
        return Learned(
            artefact=Artefact(
                kind="response",
                parameters=msgspec.to_builtins(parameters),
                numbers={},
                parts={"trees": trees},
                references=references(columns),
                scored=reference(Trees(trees).predict(x)),
            ),
            cut_at=max(one.campaign.cut for one in found),
            data_since=None,
            rows=redeemed.size,
            features=tuple(response_features()),
            metrics=_figures(proof)
            | {"campaigns": float(len(found)), "redeemed": float(redeemed.mean())}
            | {"calibration_error": calibration_error(redeemed, proof.said)},
            report={
                "deciles": deciles(redeemed, proof.said),
                "campaigns": _told(found),
                "best_column": proof.best_column,
            },
        )

    def score(self, artefact: Artefact, source: Source, at: datetime, *, told: Told) -> Scores:
        """Say how likely everybody known at `at` is to redeem a coupon of a campaign that begins now."""
        told("features", 0, 1)
        table, columns = known_at(source, at)
        x = np.column_stack(list(columns.values()))
        trees = Trees(artefact.parts["trees"])
        said: dict[str, Any] = {"profile_id": table["profile_id"], "value": trees.predict(x)}
        said["reasons"] = reasons_column(columns, trees.effects(x))
        told("done", 1, 1)
        return Scores(table=pa.table(said), features=columns)


RESPONSE: Final = ResponseKind()


def _together(found: list[Reached]) -> tuple[Any, Any]:
    x = [np.column_stack(list(one.columns.values())) for one in found]
    redeemed = np.concatenate([one.redeemed for one in found]) if found else np.zeros(0)
    if min(redeemed.sum(), redeemed.size - redeemed.sum()) < _FEWEST:
        detail = f"at least {_FEWEST} customers have to have redeemed a coupon of a campaign in time, and as many not"
        raise NothingToLearnError(detail)
    return np.concatenate(x), redeemed


def _figures(proof: Proof) -> dict[str, float]:
    return {
        "auc": proof.auc,
        "auc_low": proof.low,
        "auc_high": proof.high,
        "auc_new_campaigns": proof.auc_new_campaigns,
        "auc_best_column": proof.auc_best_column,
        "auc_gain_low": proof.gain_low,
        "auc_gain_high": proof.gain_high,
    }


def _told(found: list[Reached]) -> list[dict[str, Any]]:
    return [
        {
            "campaign": one.campaign.id,
            "cut_at": one.campaign.cut.isoformat(),
            "received": int(one.redeemed.size),
            "redeemed": int(one.redeemed.sum()),
        }
        for one in found
    ]

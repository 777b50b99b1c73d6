"""How right a version of the responses is about campaigns that have begun since it was trained."""

from datetime import datetime
from typing import Any

import numpy as np

from workers.scoring.artefact import Artefact
from workers.scoring.boosting import Trees
from workers.scoring.kind import Source
from workers.scoring.measuring import auc, calibration_error, deciles
from workers.scoring.response.campaigns import campaigns, reached


def answered_since(
    artefact: Artefact, source: Source, learned_until: datetime, at: datetime
) -> tuple[int, dict[str, float], dict[str, Any]]:
    """Return of how many, how good the ranking and the probabilities are; campaigns whose outcome is known count."""
    listed = [one for one in campaigns(source, at) if one.cut >= learned_until]
    found = list(reached(source, listed, at, int(artefact.parameters["within_days"])))
    if not found:
        return 0, {}, {}
    redeemed = np.concatenate([one.redeemed for one in found])
    x = np.concatenate([np.column_stack(list(one.columns.values())) for one in found])
    said = Trees(artefact.parts["trees"]).predict(x)
    metrics = {"auc": auc(redeemed, said), "calibration_error": calibration_error(redeemed, said)}
    metrics |= {"campaigns": float(len(found)), "redeemed": float(redeemed.mean())}
    return redeemed.size, metrics, {"deciles": deciles(redeemed, said)}

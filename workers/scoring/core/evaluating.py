"""How right a version of the core segments is about customers whom people have reviewed since it was trained."""

from datetime import datetime
from typing import Any

import numpy as np

from domain.scoring.core import core_segments
from workers.scoring.artefact import Artefact
from workers.scoring.core import reporting
from workers.scoring.core.calibration import expected_error
from workers.scoring.core.kind import CORE, ready
from workers.scoring.core.labels import NONE, judged
from workers.scoring.kind import Source


def reviewed_since(
    artefact: Artefact, source: Source, learned_until: datetime, at: datetime
) -> tuple[int, dict[str, float], dict[str, Any]]:
    """Return of how many, how right the version and rules alone are, and the confusion.

    Those drawn by lot tell it where enough of them were reviewed.
    """
    table, known = CORE.everybody(source, at)
    before = CORE.reviewed(source, table, learned_until)
    new = (known.reviewed != NONE) & (known.reviewed != before)
    if not new.any():
        return 0, {}, {}
    rows = np.flatnonzero(judged(new, known.lot))
    model = ready(artefact)
    found = model.assigned(model.matrix(known.values)[rows])
    keys = tuple(core_segments())
    segments = np.array([keys.index(one) for one in model.model.segments])
    sure = np.zeros((rows.size, len(keys)))
    sure[:, segments] = found.probabilities
    said, places, ruled = known.reviewed[rows], segments[found.labels], known.ruled[rows]
    metrics = {
        "accuracy": float((places == said).mean()),
        "accuracy_of_rules": float((ruled == said).mean()),
        "calibration_error": expected_error(sure, said),
    }
    return rows.size, metrics, {"confusion": reporting.confusion(said, places, keys)}

"""The kinds of models there are; each is imported when it is asked for."""

import importlib
from typing import Final

from workers.scoring.kind import Kind, ParameterError

# The place of each kind that `domain/scoring/kinds.toml` names.
PLACES: Final = {
    "rfm": "workers.scoring.rfm:RFM",
    "ltv": "workers.scoring.ltv.kind:LTV",
    "churn": "workers.scoring.churn.kind:CHURN",
    "btyd": "workers.scoring.btyd.kind:BTYD",
    "clusters": "workers.scoring.clusters.kind:CLUSTERS",
    "core_segment": "workers.scoring.core.kind:CORE",
    "response": "workers.scoring.response.kind:RESPONSE",
}


def kind_of(name: str) -> Kind:
    """Return a kind by its name; raises `ParameterError`."""
    if name not in PLACES:
        raise ParameterError(f"there is no such kind of model; kinds: {', '.join(PLACES)}", field="kind")
    module, _, what = PLACES[name].partition(":")
    found: Kind = getattr(importlib.import_module(module), what)
    return found
